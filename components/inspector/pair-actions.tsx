'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { PairStatus } from '../../server/domain/group-status.ts';
import { PAIR_INSTRUCTIONS, type PairInstruction } from '../../server/domain/pair-states.ts';
import type { OperatorPairInstruction } from '../../server/domain/storage-controller.ts';
import { sentence } from '../format/sentence.ts';
import { formatAge } from '../format/time.ts';
import { useElapsed } from '../live/age.tsx';
import { useLostRefusal, useServerNow } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Confirm } from '../ui/confirm.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';

const { inspector: text } = messages;

/** These lose something that cannot be had back, so the group's name is typed first. */
const TYPED: readonly PairInstruction[] = ['delete', 'rollback'];

function isOperatorInstruction(word: string): word is OperatorPairInstruction {
  return word !== 'copy' && PAIR_INSTRUCTIONS.some((known) => known === word);
}

/** What refuses every instruction alike; it is said once then. */
function commonRefusal(actions: PairStatus['actions']): string | null {
  const [first] = actions;
  if (!first || !actions.every((each) => !each.allowed && each.reason === first.reason && each.cure === first.cure))
    return null;
  return `${sentence(first.reason)} ${sentence(first.cure)}`;
}

/** Every instruction of a pair: allowed ones as buttons, refused ones with their reason and cure beneath. */
export function PairActions({ group, pair }: { group: string; pair: PairStatus }) {
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const serverNow = useServerNow();
  const [chosen, setChosen] = useState<OperatorPairInstruction | null>(null);
  const [asked, setAsked] = useState<{ instruction: string; at: number; from: string } | null>(null);
  const instruct = useMutation(trpc.pairs.instruct.mutationOptions());
  const actions = pair.actions.filter((action) => isOperatorInstruction(action.instruction));
  const common = commonRefusal(actions);

  const confirm = (instruction: OperatorPairInstruction) => {
    setChosen(null);
    setAsked({ instruction, at: serverNow, from: pair.state });
    instruct.mutate({ group, pair: pair.name, instruction });
  };

  return (
    <div className="flex flex-col gap-2">
      {chosen ? (
        <Confirm
          consequence={text.consequence(chosen)}
          act={text.act(chosen, pair.name)}
          typed={TYPED.includes(chosen) ? group : null}
          refused={lost}
          onConfirm={() => confirm(chosen)}
          onCancel={() => setChosen(null)}
        />
      ) : null}
      {common ? <p className="text-sm text-muted">{common}</p> : null}
      <ul className={cn('flex gap-2', common ? 'flex-wrap' : 'flex-col')}>
        {actions.map(({ instruction, allowed, reason, cure }) => {
          const refused = allowed ? lost : { reason: sentence(reason), cure: sentence(cure) };
          return (
            <li key={instruction} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Button
                className="min-w-24"
                refused={refused}
                aria-label={text.act(instruction, pair.name)}
                onClick={() => isOperatorInstruction(instruction) && setChosen(instruction)}
              >
                {text.instruction(instruction)}
              </Button>
              {allowed || common ? null : (
                <span className="min-w-0 flex-1 basis-40 text-sm text-muted">
                  {sentence(reason)} {sentence(cure)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {instruct.error ? <RefusalNote refusal={refusalOfError(instruct.error)} /> : null}
      {asked && !instruct.error && asked.from === pair.state ? <Asked pair={pair.name} asked={asked} /> : null}
    </div>
  );
}

/** Never an optimistic state: only what was asked, and when. It goes when a change is seen. */
function Asked({ pair, asked }: { pair: string; asked: { instruction: string; at: number } }) {
  const elapsed = useElapsed(asked.at, null);
  return <p className="num">{messages.common.asked(text.asked(pair, asked.instruction), formatAge(elapsed))}</p>;
}
