'use client';

import { NodeToolbar, Position, useStore } from '@xyflow/react';
import type { JoinForecast } from '../../server/domain/group-status.ts';
import { cn } from '../ui/cn.ts';

/** Below this zoom the boxes are narrower than the words, which then grow away from the edge of the picture. */
const TINY = 0.5;

/**
 * What the loss of the holder would mean for the system it stands at. It does not shrink with the graph, for at a small scale
 * it is what an operator looks for: the words keep their size at every zoom, above the box and clear of its own words.
 */
export function ForecastCallout({ forecast }: { forecast: JoinForecast }) {
  const isTiny = useStore((state) => state.transform[2] < TINY);
  return (
    <NodeToolbar
      nodeId={forecast.system}
      isVisible
      position={Position.Top}
      offset={6}
      align={isTiny ? 'end' : 'center'}
    >
      <p
        data-testid="forecast"
        className={cn(
          'pointer-events-none rounded-sm border bg-surface px-2 py-1 text-center text-[13px] leading-4 text-text',
          isTiny ? 'max-w-32' : 'max-w-48',
          (forecast.kind === 'full' || forecast.kind === 'differ') && 'border-suspend font-medium',
          forecast.kind === 'unknown' && 'border-dashed border-unknown text-unknown',
          (forecast.kind === 'none' || forecast.kind === 'delta') && 'border-line-strong',
        )}
      >
        {forecast.text}
      </p>
    </NodeToolbar>
  );
}
