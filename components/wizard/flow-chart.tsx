'use client';

import { useEffect, useMemo, useRef } from 'react';
import type { RoutineGraph, RunView } from '../../server/routines/step-graph.ts';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { recordOf, type StepState, stepStateOf, waysTaken } from './derive.ts';
import { FLOW, type FlowEdge, type FlowNode, layoutFlow } from './flow-layout.ts';
import { StepSign } from './step-sign.tsx';

const { wizard: text } = messages;

interface FlowChartProps {
  graph: RoutineGraph;
  run: RunView | null;
  selected: string | null;
  onSelect: (step: string) => void;
}

/** All steps and all ways between them; what was not taken stays, dimmed. The chart never moves while a run goes on. */
export function FlowChart({ graph, run, selected, onSelect }: FlowChartProps) {
  const layout = useMemo(() => layoutFlow(graph), [graph]);
  const taken = waysTaken(run);
  const frame = useRef<HTMLElement>(null);
  const current = run?.currentStep ?? graph.first;
  const pressed = useRef(false);
  useEffect(() => {
    // What was pressed must still be there when it is let go.
    if (pressed.current) return;
    // Only the chart itself is scrolled, never the page under the operator's hand.
    const node = frame.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(current)}"]`);
    if (!node || !frame.current) return;
    frame.current.scrollTo({ top: Math.max(0, node.offsetTop - frame.current.clientHeight / 3), behavior: 'smooth' });
  }, [current]);
  return (
    <section
      ref={frame}
      aria-label={text.flowChart}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
      tabIndex={0}
      className="relative min-h-0 flex-1 overflow-auto bg-canvas"
      onPointerDown={() => {
        pressed.current = true;
        // Stops a movement that is under way.
        frame.current?.scrollTo({ top: frame.current.scrollTop, behavior: 'instant' });
      }}
      onPointerUp={() => {
        pressed.current = false;
      }}
      onPointerLeave={() => {
        pressed.current = false;
      }}
    >
      <div className="relative mx-auto" style={{ width: layout.width, height: layout.height }}>
        <svg width={layout.width} height={layout.height} className="absolute inset-0" aria-hidden="true">
          {takenLast(layout.edges, taken).map((edge) => (
            <Way
              key={`${edge.from}>${edge.to}`}
              edge={edge}
              outcome={taken.get(`${edge.from}>${edge.to}`) ?? null}
              began={run !== null}
            />
          ))}
        </svg>
        {layout.nodes.map((node) => (
          <StepBox
            key={node.step.id}
            node={node}
            state={stepStateOf(graph, run, node.step.id)}
            outcome={recordOf(run, node.step.id)?.outcome ?? null}
            selected={selected === node.step.id}
            onSelect={() => onSelect(node.step.id)}
          />
        ))}
      </div>
    </section>
  );
}

/** What was taken is drawn over what was not. */
function takenLast(edges: readonly FlowEdge[], taken: ReadonlyMap<string, string>): FlowEdge[] {
  const isTaken = (edge: FlowEdge) => Number(taken.has(`${edge.from}>${edge.to}`));
  return [...edges].sort((a, b) => isTaken(a) - isTaken(b));
}

function Way({ edge, outcome, began }: { edge: FlowEdge; outcome: string | null; began: boolean }) {
  const taken = outcome !== null;
  const colour = taken ? 'var(--ink)' : began ? 'var(--border-strong)' : 'var(--muted)';
  const marker = `head-${taken ? 'taken' : began ? 'open' : 'plain'}`;
  return (
    <g>
      <defs>
        <marker
          id={marker}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0 0l8 4-8 4z" fill={colour} />
        </marker>
      </defs>
      <path
        d={edge.path}
        fill="none"
        stroke={colour}
        strokeWidth={taken ? 2.5 : 1.25}
        strokeDasharray={taken || !began ? undefined : '4 4'}
        markerEnd={`url(#${marker})`}
      />
      <text
        x={edge.labelX}
        y={edge.labelY}
        fill={taken ? 'var(--text)' : 'var(--muted)'}
        fontSize="11"
        fontWeight={taken ? 600 : 400}
        stroke="var(--canvas)"
        strokeWidth="3"
        paintOrder="stroke"
        textAnchor={edge.labelAnchor}
      >
        {outcome || edge.outcomes.join(', ')}
      </text>
    </g>
  );
}

interface StepBoxProps {
  node: FlowNode;
  state: StepState;
  outcome: string | null;
  selected: boolean;
  onSelect: () => void;
}

function StepBox({ node, state, outcome, selected, onSelect }: StepBoxProps) {
  const { step } = node;
  const dimmed = state === 'not-taken';
  const emphasised = state === 'current' || state === 'waiting' || state === 'refused';
  return (
    <button
      type="button"
      data-step={step.id}
      aria-pressed={selected}
      aria-current={emphasised ? 'step' : undefined}
      aria-label={`${step.id} ${step.title}, ${text.stepStates[state]}${outcome ? `, ${outcome}` : ''}`}
      onClick={onSelect}
      className={cn(
        'absolute flex flex-col gap-0.5 overflow-hidden bg-surface px-2.5 py-1.5 text-left hover:bg-raised',
        step.decision ? 'rounded-[18px]' : 'rounded-md',
        emphasised ? 'border-[3px] border-ink' : 'border border-line-strong',
        state === 'refused' && 'border-failure',
        dimmed && 'border-dashed bg-canvas text-muted',
        selected && 'ring-2 ring-ink ring-offset-2 ring-offset-canvas',
      )}
      style={{ left: node.x, top: node.y, width: FLOW.width, height: FLOW.height }}
    >
      <span className="flex items-center gap-1.5">
        <StepSign state={state} />
        <span className={cn('num text-sm font-semibold', dimmed && 'font-normal')}>{step.id}</span>
        {step.ours ? <span className="text-sm text-muted">{text.ours}</span> : null}
        <span className="ml-auto truncate text-sm text-muted">{outcome}</span>
      </span>
      <span className="line-clamp-2 text-sm leading-[15px]">{step.title}</span>
      <span className="mt-auto flex gap-2 truncate text-[11px] leading-3 text-muted">
        {[...node.endings].map(([ending, count]) => (
          <span key={ending}>⊣ {text.endsAs(text.ending(ending), count)}</span>
        ))}
      </span>
    </button>
  );
}
