'use client';

import type { UseFormRegisterReturn } from 'react-hook-form';
import { ARRANGEMENTS, type Arrangement, type ArrangementOperation } from '../../server/domain/arrangement.ts';
import { wordsOfOperation } from '../../server/domain/arrangements/words.ts';
import { messages } from '../messages/messages.ts';
import { PairShaft } from '../topology/pair-shaft.tsx';
import { sketchOf } from './sketch.ts';
import { SketchBox } from './sketch-box.tsx';

const { fleet: text } = messages;

/** All arrangements to choose one from, each drawn as it stands in normal and in reverse operation. */
export function ArrangementGallery({ field }: { field: UseFormRegisterReturn }) {
  return (
    <fieldset className="col-span-full flex min-w-0 flex-col gap-2">
      <legend className="mb-1">{text.arrangement}</legend>
      {ARRANGEMENTS.map((arrangement) => (
        <label
          key={arrangement.id}
          className="flex cursor-pointer gap-3 rounded-md border border-line px-3 py-2 hover:bg-raised has-checked:border-ink has-checked:bg-raised has-checked:ring-1 has-checked:ring-ink has-focus-visible:outline-2 has-focus-visible:outline-ink"
        >
          <input type="radio" value={arrangement.id} className="mt-1 size-4 shrink-0 accent-[var(--ink)]" {...field} />
          <span className="flex min-w-0 flex-1 flex-col gap-1.5">
            <span>
              <span className="font-medium">{arrangement.id}</span>
              <span className="block text-sm text-muted">{arrangement.title}</span>
            </span>
            <span className="grid grid-cols-2 gap-8 phone:grid-cols-1 phone:gap-3">
              <Sketch arrangement={arrangement} operation={arrangement.normal} title={text.normalOperation} />
              <Sketch arrangement={arrangement} operation={arrangement.reverse} title={text.reverseOperation} />
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface SketchProps {
  arrangement: Arrangement;
  operation: ArrangementOperation;
  title: string;
}

function Sketch({ arrangement, operation, title }: SketchProps) {
  const { width, height, systems, pairs, switches } = sketchOf(arrangement, operation);
  return (
    <span className="flex min-w-0 flex-col text-sm text-muted">
      {title}
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={text.operationOf(title, wordsOfOperation(arrangement, operation))}
        className="h-auto max-w-full"
      >
        {pairs.map(({ pair, from, to, arc }) => (
          <PairShaft
            key={`${pair.source}-${pair.destination}-${pair.kind}`}
            from={from}
            to={to}
            arc={arc}
            kind={pair.kind}
            state="duplex"
            moving={false}
            bold={false}
          />
        ))}
        {switches.map(({ name, x, y, half }) => (
          <path
            key={name}
            d={`M${x} ${y - half}l${half} ${half}l${-half} ${half}l${-half} ${-half}Z`}
            fill="var(--surface)"
            stroke="var(--border-strong)"
          />
        ))}
        {systems.map((system) => (
          <SketchBox
            key={system.name}
            box={system}
            label={system.name}
            stroke={system.holder ? 'var(--ink)' : 'var(--border-strong)'}
            strokeWidth={system.holder ? 2.5 : 1}
            strokeDasharray={system.used ? undefined : '3 3'}
            fontWeight={system.used ? 600 : 400}
            ink={system.used ? 'var(--text)' : 'var(--muted)'}
          />
        ))}
      </svg>
    </span>
  );
}
