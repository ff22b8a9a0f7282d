'use client';

import { useId, useState } from 'react';
import type { DecisionOption, RoutineStep, RunView } from '../../server/routines/step-graph.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { type Answer, answerLacks, NO_ANSWER } from './answer.ts';
import { useOrder } from './use-order.ts';

const { wizard: text } = messages;
const fieldStyle = 'h-8 rounded-md border border-line-strong bg-surface px-2 phone:h-11';

/** A decision of the run: every option with its consequence beneath, none chosen beforehand. */
export function DecisionCard({ run, step }: { run: RunView; step: RoutineStep }) {
  const [answer, setAnswer] = useState<Answer>(NO_ANSWER);
  const order = useOrder(run);
  const lost = useLostRefusal();
  const { decision } = step;
  if (!decision) return null;
  const option = decision.options.find((each) => each.id === answer.choice) ?? null;
  const refused = lost ?? (order.busy ? messages.common.busy : answerLacks(option, answer, run.group));
  const decide = () => {
    if (!option) return;
    order.give({
      order: 'decide',
      step: step.id,
      choice: option.id,
      typedName: option.dangerous ? answer.typed : null,
      attestation: option.attests
        ? { text: answer.statement.trim(), destroyedAt: Date.parse(answer.destroyedAt) }
        : null,
    });
  };
  return (
    <fieldset
      className="flex flex-col gap-3 rounded-lg border-2 border-ink p-4"
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
      }}
      data-testid="decision"
    >
      <legend className="px-1 text-lg font-semibold">{decision.question}</legend>
      {decision.options.map((each) => (
        <Option
          key={each.id}
          name={`${run.run}:${step.id}`}
          option={each}
          checked={each.id === answer.choice}
          onChoose={() => setAnswer({ ...NO_ANSWER, choice: each.id })}
        />
      ))}
      {option?.attests ? <Attestation answer={answer} onChange={setAnswer} /> : null}
      {option?.dangerous ? <TypedName group={run.group} answer={answer} onChange={setAnswer} /> : null}
      <div>
        <Button look="primary" refused={refused} onClick={decide}>
          {option?.label ?? text.decide}
        </Button>
      </div>
      {order.refusal ? <RefusalNote refusal={order.refusal} /> : null}
    </fieldset>
  );
}

interface OptionProps {
  name: string;
  option: DecisionOption;
  checked: boolean;
  onChoose: () => void;
}

function Option({ name, option, checked, onChoose }: OptionProps) {
  const id = useId();
  return (
    <div className={cn('flex gap-3 rounded-md border p-3', checked ? 'border-ink bg-raised' : 'border-line')}>
      <input
        id={id}
        type="radio"
        name={name}
        checked={checked}
        onChange={onChoose}
        aria-describedby={`${id}-text`}
        className="mt-0.5 size-4 shrink-0 accent-[var(--ink)] phone:size-6"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="cursor-pointer font-medium">
          {option.label}
        </label>
        <p id={`${id}-text`} className="text-muted">
          {option.consequence} {option.dangerous ? text.typedText : ''}
        </p>
      </div>
    </div>
  );
}

function TypedName({ group, answer, onChange }: { group: string; answer: Answer; onChange: (answer: Answer) => void }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id}>{messages.common.typeToConfirm.replace('{word}', group)}</label>
      <input
        id={id}
        value={answer.typed}
        onChange={(event) => onChange({ ...answer, typed: event.target.value })}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className={`num max-w-72 ${fieldStyle}`}
      />
    </div>
  );
}

function Attestation({ answer, onChange }: { answer: Answer; onChange: (answer: Answer) => void }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-col gap-1">
        <label htmlFor={`${id}-text`}>{text.attestText}</label>
        <textarea
          id={`${id}-text`}
          rows={2}
          maxLength={500}
          value={answer.statement}
          onChange={(event) => onChange({ ...answer, statement: event.target.value })}
          className="rounded-md border border-line-strong bg-surface px-2 py-1"
        />
        <p className="text-sm text-muted">{text.attestHint}</p>
      </div>
      <div className="flex flex-col gap-1">
        <label htmlFor={`${id}-at`}>{text.attestAt}</label>
        <input
          id={`${id}-at`}
          type="datetime-local"
          step="1"
          value={answer.destroyedAt}
          onChange={(event) => onChange({ ...answer, destroyedAt: event.target.value })}
          className={`num max-w-72 ${fieldStyle}`}
        />
      </div>
    </div>
  );
}
