'use client';

import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import type { RunOrder, RunView } from '../../server/routines/step-graph.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';

type Unsigned<T> = T extends unknown ? Omit<T, 'by'> : never;
/** An order as it is sent: who gives it is filled in by the server. */
export type OrderInput = Unsigned<RunOrder>;

/** Gives orders to a run. What was asked is known at once; what came of it is only ever what the stream says. */
export function useOrder(run: RunView) {
  const trpc = useTRPC();
  const mutation = useMutation(trpc.runs.order.mutationOptions());
  const pressed = useRef<string | null>(null);
  const give = (order: OrderInput) => {
    // A second press before the answer is the same order: it carries the same key, and the server takes it once.
    pressed.current ??= `${order.order}:${run.currentStep ?? 'end'}:${Date.now().toString(36)}`;
    mutation.mutate(
      { run: run.run, key: pressed.current, order },
      {
        onSettled: () => {
          pressed.current = null;
        },
      },
    );
  };
  return {
    give,
    busy: mutation.isPending,
    refusal: mutation.error ? refusalOfError(mutation.error) : null,
    /** The order given last, until another is. */
    asked: mutation.isError ? null : (mutation.variables?.order.order ?? null),
  };
}
