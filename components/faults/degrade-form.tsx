'use client';

import { useId, useState } from 'react';
import type { FaultOption, LineFaultInput } from '../../server/api/views.ts';
import { messages } from '../messages/messages.ts';
import type { RefusedAction } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { conditionsOf, type DegradeFields, fieldsOf } from './derive.ts';

const { faults: text } = messages;

interface DegradeFormProps {
  option: FaultOption;
  refused: RefusedAction | null;
  onInject: (conditions: LineFaultInput) => void;
  onCancel: () => void;
}

/** Delay, loss and rate of a line, with the option's own values to begin with. */
export function DegradeForm({ option, refused, onInject, onCancel }: DegradeFormProps) {
  const [fields, setFields] = useState<DegradeFields>(() => fieldsOf(option.input.conditions));
  const conditions = conditionsOf(fields);
  const lacks = conditions === 'empty' ? text.degradeEmpty : conditions === 'invalid' ? text.degradeInvalid : null;
  const set = (key: keyof DegradeFields) => (value: string) => setFields((known) => ({ ...known, [key]: value }));
  return (
    <Confirm
      consequence={text.degradeText}
      act={text.confirmNow(option.label)}
      typed={null}
      refused={refused ?? lacks}
      onConfirm={() => typeof conditions === 'object' && onInject(conditions)}
      onCancel={onCancel}
    >
      <div className="grid grid-cols-3 gap-3 phone:grid-cols-1">
        <NumberField label={text.delay} value={fields.delayMs} onChange={set('delayMs')} />
        <NumberField label={text.loss} value={fields.lossPercent} onChange={set('lossPercent')} />
        <NumberField label={text.rate} value={fields.rateMib} onChange={set('rateMib')} />
      </div>
    </Confirm>
  );
}

function NumberField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm">
        {label}
      </label>
      <input
        id={id}
        inputMode="decimal"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="num h-8 w-full rounded-md border border-line-strong bg-surface px-2 phone:h-11"
      />
    </div>
  );
}
