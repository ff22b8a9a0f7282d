'use client';

import type { UseFormReturn } from 'react-hook-form';
import type { ArrangementLine } from '../../server/domain/arrangement.ts';
import { messages } from '../messages/messages.ts';
import { fieldStyle } from './field.tsx';
import type { GroupValues } from './group-form.ts';

const { fleet: text } = messages;

interface LineFieldsProps {
  form: UseFormReturn<GroupValues>;
  lines: readonly ArrangementLine[];
}

/** Length, paths and rate of every line of the arrangement, a row each. */
export function LineFields({ form, lines }: LineFieldsProps) {
  const { errors } = form.formState;
  return (
    <fieldset className="col-span-full min-w-0">
      <legend className="mb-1">{text.lines}</legend>
      <table className="w-full text-left">
        <thead className="text-sm text-muted">
          <tr>
            {[text.line, text.km, text.paths, text.rate].map((column) => (
              <th key={column} scope="col" className="py-1 pr-2 font-normal">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name }) => {
            const wrong = errors.lines?.[name];
            const message = wrong?.km?.message ?? wrong?.paths?.message ?? wrong?.rateMib?.message;
            return (
              <tr key={name}>
                <th scope="row" className="num py-1 pr-2 font-normal whitespace-nowrap">
                  {name}
                  {message ? <p className="text-sm font-medium whitespace-normal text-failure">{message}</p> : null}
                </th>
                <td className="py-1 pr-2">
                  <input
                    aria-label={text.kmOf(name)}
                    inputMode="numeric"
                    className={`num w-full ${fieldStyle}`}
                    {...form.register(`lines.${name}.km`, { valueAsNumber: true })}
                  />
                </td>
                <td className="py-1 pr-2">
                  <input
                    aria-label={text.pathsOf(name)}
                    inputMode="numeric"
                    className={`num w-full ${fieldStyle}`}
                    {...form.register(`lines.${name}.paths`, { valueAsNumber: true })}
                  />
                </td>
                <td className="py-1">
                  <input
                    aria-label={text.rateOf(name)}
                    inputMode="decimal"
                    placeholder={text.unlimited}
                    className={`num w-full ${fieldStyle}`}
                    {...form.register(`lines.${name}.rateMib`)}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </fieldset>
  );
}
