'use client';

import type { PreflightCheck } from '../../server/api/views.ts';
import { formatAge } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { orderChecks } from './derive.ts';

const { wizard: text } = messages;

function resultWord(check: PreflightCheck): string {
  if (check.ok === null) return text.cannotTell;
  if (check.ok) return text.ok;
  return check.blocking ? text.notOkBlocking : text.notOk;
}

/** Check → observed → age → cure. Ages go on counting from when they were looked at. */
export function CheckTable({ checks, at }: { checks: readonly PreflightCheck[]; at: number }) {
  const since = useElapsed(at, null);
  return (
    <ul aria-label={text.checks}>
      {orderChecks(checks).map((check) => (
        <li key={check.id} className="flex gap-3 border-b border-line px-4 py-2.5 last:border-b-0">
          <CheckSign ok={check.ok} />
          <div className="min-w-0 flex-1">
            <p className="flex flex-wrap gap-x-3">
              <span className="font-medium">{check.title}</span>
              <span
                className={cn(
                  'text-muted',
                  check.ok === false && 'font-medium text-failure',
                  check.ok === null && 'text-unknown',
                )}
              >
                {resultWord(check)}
              </span>
            </p>
            <p>
              {check.observed}{' '}
              <span className="text-sm whitespace-nowrap text-muted">
                {check.ageMs === null
                  ? messages.common.notObserved
                  : messages.common.observedBy(
                      messages.common.observer(check.observer),
                      formatAge(check.ageMs + since),
                    )}
              </span>
            </p>
            {check.ok !== true && check.cure ? <p className="font-medium">{check.cure}</p> : null}
          </div>
        </li>
      ))}
    </ul>
  );
}

function CheckSign({ ok }: { ok: boolean | null }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.25"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={cn('mt-0.5 shrink-0', ok === false && 'text-failure', ok === null && 'text-unknown')}
    >
      {ok === true ? <path d="m3.5 8.5 3 3 6-7" /> : null}
      {ok === false ? <path d="m4 4 8 8M12 4l-8 8" /> : null}
      {ok === null ? <path d="M5.5 5.8a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.8-1.1 1.6M8 12.4v.2" /> : null}
    </svg>
  );
}
