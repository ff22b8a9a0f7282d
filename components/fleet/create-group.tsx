'use client';

import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type UseFormReturn, useForm } from 'react-hook-form';
import { choicesOf, defaultGroup } from '../../server/domain/arrangement.ts';
import { TRANSPORTS } from '../../server/domain/storage-controller.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { ArrangementGallery } from './arrangement-gallery.tsx';
import { Field, fieldStyle } from './field.tsx';
import { Forecast } from './forecast.tsx';
import {
  chosenArrangement,
  DEFAULT_VALUES,
  forecastOf,
  type GroupValues,
  groupSchema,
  inputOf,
  linesFor,
} from './group-form.ts';
import { LineFields } from './line-fields.tsx';

const { fleet: text } = messages;

/** Asks for the lines the chosen arrangement has; what was already typed for one of them stays. */
function followArrangement(form: UseFormReturn<GroupValues>): void {
  const values = form.getValues();
  form.setValue('lines', linesFor(chosenArrangement(values), values.lines), {
    shouldValidate: form.formState.isSubmitted,
  });
}

/** As the server will define it, where the form does not ask. */
function forecast(values: GroupValues) {
  const arrangement = chosenArrangement(values);
  if (!arrangement) return null;
  return forecastOf(values, defaultGroup('forecast', arrangement));
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
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={text.createDialog}
      description={text.createText}
      className="top-[6vh] max-h-[88vh] w-[min(1160px,calc(100vw-32px))]"
    >
      <CreateForm onDone={() => onOpenChange(false)} taken={taken} />
    </Dialog>
  );
}

function CreateForm({ onDone, taken }: { onDone: () => void; taken: readonly string[] }) {
  const trpc = useTRPC();
  const router = useRouter();
  const lost = useLostRefusal();
  const create = useMutation(trpc.groups.create.mutationOptions());
  const form = useForm<GroupValues>({ resolver: zodResolver(groupSchema), defaultValues: DEFAULT_VALUES });
  const { errors } = form.formState;
  const values = form.watch();
  const lines = chosenArrangement(values)?.lines ?? [];
  const submit = form.handleSubmit(async (values) => {
    if (taken.includes(values.name)) return form.setError('name', { message: text.nameTaken(values.name) });
    await create.mutateAsync(inputOf(values));
    onDone();
    router.push(routes.topology(values.name));
  });
  return (
    <form
      noValidate
      className="flex min-h-0 flex-1 flex-col max-[960px]:overflow-y-auto"
      onSubmit={(event) => void submit(event).catch(() => undefined)}
    >
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,640px)_minmax(0,1fr)] max-[960px]:flex-none max-[960px]:grid-cols-1">
        <div className="min-h-0 overflow-y-auto p-4 max-[960px]:overflow-visible max-[960px]:pb-0">
          <ArrangementGallery field={form.register('arrangement', { onChange: () => followArrangement(form) })} />
        </div>
        <div className="grid min-h-0 auto-rows-min grid-cols-2 gap-3 overflow-y-auto p-4 max-[960px]:overflow-visible phone:grid-cols-1">
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
          <Choices form={form} arrangement={values.arrangement} />
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
          <LineFields form={form} lines={lines} />
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
          <Field label={text.transport}>
            {(id) => (
              <select id={id} className={fieldStyle} {...form.register('transport')}>
                {TRANSPORTS.map((transport) => (
                  <option key={transport} value={transport}>
                    {text.transportName[transport]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={text.load} error={errors.writeMib}>
            {(id) => (
              <input
                id={id}
                inputMode="decimal"
                className={`num ${fieldStyle}`}
                {...form.register('writeMib', { valueAsNumber: true })}
              />
            )}
          </Field>
          <label className="col-span-full flex min-h-8 items-center gap-2">
            <input type="checkbox" className="size-4 accent-[var(--ink)]" {...form.register('ledger')} />
            {text.ledger}
          </label>
          <Forecast expected={forecast(values)} />
        </div>
      </div>
      {create.error ? (
        <div className="px-4 pb-3">
          <RefusalNote refusal={refusalOfError(create.error)} />
        </div>
      ) : null}
      <div className="mt-auto flex gap-2 border-t border-line p-4">
        <Button type="submit" look="primary" refused={lost ?? (create.isPending ? messages.common.busy : null)}>
          {text.createAct(values.name)}
        </Button>
        <Button onClick={onDone}>{messages.common.cancel}</Button>
      </div>
    </form>
  );
}

/** What else is to be chosen of an arrangement that has variations. */
function Choices({ form, arrangement }: { form: UseFormReturn<GroupValues>; arrangement: string }) {
  const choices = choicesOf(arrangement);
  if (!choices) return null;
  const onChange = () => followArrangement(form);
  return (
    <>
      <Field label={text.backups}>
        {(id) => (
          <select
            id={id}
            className={`num ${fieldStyle}`}
            {...form.register('backups', { valueAsNumber: true, onChange })}
          >
            {choices.backups.map((count) => (
              <option key={count} value={count}>
                {count}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={text.mode}>
        {(id) => (
          <select id={id} className={fieldStyle} {...form.register('mode', { onChange })}>
            {choices.modes.map((mode) => (
              <option key={mode} value={mode}>
                {text.modeText[mode]}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}
