'use client';

import { NodeToolbar, Position } from '@xyflow/react';
import type { JoinForecast } from '../../server/domain/group-status.ts';
import { cn } from '../ui/cn.ts';

/**
 * What the loss of the holder would mean for the system it stands at. It does not shrink with the graph, for at a small scale
 * it is what an operator looks for: the words keep their size at every zoom, above the box and clear of its own words.
 */
export function ForecastCallout({ forecast }: { forecast: JoinForecast }) {
  return (
    <NodeToolbar nodeId={forecast.system} isVisible position={Position.Top} offset={6}>
      <p
        data-testid="forecast"
        className={cn(
          'num pointer-events-none max-w-48 rounded-sm border bg-surface px-2 py-1 text-center text-[13px] leading-4 text-text',
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
