'use client';

import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type ReactNode, useId } from 'react';
import { type FieldError, type UseFormReturn, useForm } from 'react-hook-form';
import { z } from 'zod';
import { ARRANGEMENTS, findArrangement, LIMITS } from '../../server/domain/arrangement.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Dialog } from '../ui/dialog.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { ArrangementGallery } from './arrangement-gallery.tsx';
import { lengthsFor } from './derive.ts';

const { fleet: text } = messages;
const MIB = 1024 * 1024;
const fieldStyle = 'h-8 rounded-md border border-line-strong bg-surface px-2 phone:h-11';

const whole = (low: number, high: number) =>
  z
    .number({ error: text.invalidNumber(low, high) })
    .int(text.invalidNumber(low, high))
    .min(low, text.invalidNumber(low, high))
    .max(high, text.invalidNumber(low, high));

const schema = z.object({
  name: z.string().min(1, text.nameNeeded).regex(LIMITS.groupName, text.nameHint),
  arrangement: z.string(),
  fence: z.enum(['status', 'data', 'never']),
  volumes: whole(LIMITS.volumeCount.min, LIMITS.volumeCount.max),
  volumeMib: whole(LIMITS.volumeBytes.min / MIB, LIMITS.volumeBytes.max / MIB),
  km: z.record(z.string(), whole(LIMITS.km.min, LIMITS.km.max)),
  ledger: z.boolean(),
});
type Values = z.infer<typeof schema>;

const FIRST = ARRANGEMENTS[0];
const DEFAULTS: Values = {
  name: '',
  arrangement: FIRST?.id ?? '',
  fence: 'status',
  volumes: 2,
  volumeMib: 64,
  km: lengthsFor(FIRST, {}),
  ledger: true,
};

/** Asks for the lengths of the lines the chosen arrangement has; what was already typed for one of them stays. */
function followArrangement(form: UseFormReturn<Values>): void {
  const { arrangement, km } = form.getValues();
  form.setValue('km', lengthsFor(findArrangement(arrangement), km), { shouldValidate: form.formState.isSubmitted });
}

interface CreateGroupProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Names in use. */
  taken: readonly string[];
}

/** Defines a group and starts its processes; then the topology shows them come up. */
export function CreateGroup({ open, onOpenChange, taken }: CreateGroupProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={text.createDialog} description={text.createText}>
      <CreateForm onDone={() => onOpenChange(false)} taken={taken} />
    </Dialog>
  );
}

function CreateForm({ onDone, taken }: { onDone: () => void; taken: readonly string[] }) {
  const trpc = useTRPC();
  const router = useRouter();
  const lost = useLostRefusal();
  const create = useMutation(trpc.groups.create.mutationOptions());
  const form = useForm<Values>({ resolver: zodResolver(schema), defaultValues: DEFAULTS });
  const { errors } = form.formState;
  const lines = findArrangement(form.watch('arrangement'))?.lines ?? [];
  const submit = form.handleSubmit(async (values) => {
    if (taken.includes(values.name)) return form.setError('name', { message: text.nameTaken(values.name) });
    await create.mutateAsync({
      name: values.name,
      arrangement: values.arrangement,
      fence: values.fence,
      volumeCount: values.volumes,
      volumeBytes: values.volumeMib * MIB,
      km: lengthsFor(findArrangement(values.arrangement), values.km),
      ledger: values.ledger,
    });
    onDone();
    router.push(routes.topology(values.name));
  });
  return (
    <form
      noValidate
      className="flex min-h-0 flex-1 flex-col overflow-y-auto"
      onSubmit={(event) => void submit(event).catch(() => undefined)}
    >
      <div className="grid grid-cols-2 gap-3 p-4 phone:grid-cols-1">
        <Field label={text.name} hint={text.nameHint} error={errors.name} wide>
          {(id) => (
            <input
              id={id}
              autoComplete="off"
              autoCapitalize="none"
              className={`num ${fieldStyle}`}
              {...form.register('name')}
            />
          )}
        </Field>
        <ArrangementGallery field={form.register('arrangement', { onChange: () => followArrangement(form) })} />
        <Field label={text.volumes} error={errors.volumes}>
          {(id) => (
            <input
              id={id}
              inputMode="numeric"
              className={`num ${fieldStyle}`}
              {...form.register('volumes', { valueAsNumber: true })}
            />
          )}
        </Field>
        <Field label={text.volumeSize} error={errors.volumeMib}>
          {(id) => (
            <input
              id={id}
              inputMode="numeric"
              className={`num ${fieldStyle}`}
              {...form.register('volumeMib', { valueAsNumber: true })}
            />
          )}
        </Field>
        {lines.map((line) => (
          <Field key={line.name} label={text.kmOf(line.name)} error={errors.km?.[line.name]}>
            {(id) => (
              <input
                id={id}
                inputMode="numeric"
                className={`num ${fieldStyle}`}
                {...form.register(`km.${line.name}`, { valueAsNumber: true })}
              />
            )}
          </Field>
        ))}
        <Field label={text.fence} wide>
          {(id) => (
            <select id={id} className={fieldStyle} {...form.register('fence')}>
              {(['status', 'data', 'never'] as const).map((fence) => (
                <option key={fence} value={fence}>
                  {messages.inspector.fenceText[fence]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <label className="flex min-h-8 items-center gap-2 self-end">
          <input type="checkbox" className="size-4 accent-[var(--ink)]" {...form.register('ledger')} />
          {text.ledger}
        </label>
      </div>
      {create.error ? (
        <div className="px-4 pb-3">
          <RefusalNote refusal={refusalOfError(create.error)} />
        </div>
      ) : null}
      <div className="mt-auto flex gap-2 border-t border-line p-4">
        <Button type="submit" look="primary" refused={lost ?? (create.isPending ? messages.common.busy : null)}>
          {text.createAct(form.watch('name'))}
        </Button>
        <Button onClick={onDone}>{messages.common.cancel}</Button>
      </div>
    </form>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  error?: FieldError | undefined;
  /** Takes a row of its own. */
  wide?: boolean;
  children: (id: string) => ReactNode;
}

function Field({ label, hint, error, wide = false, children }: FieldProps) {
  const id = useId();
  return (
    <div className={cn('flex flex-col gap-1', wide && 'col-span-full')}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error ? (
        <p className="text-sm font-medium text-failure">{error.message}</p>
      ) : hint ? (
        <p className="text-sm text-muted">{hint}</p>
      ) : null}
    </div>
  );
}
