'use client';

import { replaceEqualDeep } from '@tanstack/react-query';
import { ConnectionMode, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { messages } from '../messages/messages.ts';
import { useKeyAction } from '../shell/key-provider.tsx';
import { usePreferences } from '../shell/preferences.tsx';
import type { Selection } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { type StepMark, shapeOf } from './derive.ts';
import { edgeTypes, type TopologyEdge } from './edges.tsx';
import { graphEdges, graphNodes } from './graph-model.ts';
import { layoutTopology, shapeKey } from './layout.ts';
import { nodeTypes, type TopologyNode } from './nodes.tsx';

interface TopologyGraphProps {
  status: GroupStatus;
  selection: Selection | null;
  step: StepMark | null;
  /** Without controls and keys, where the graph stands beside something else. */
  bare?: boolean;
}

const FIT = { padding: 0.03, maxZoom: 1.35 } as const;

/** The live graph of one group. Nothing on it can be dragged or deleted; everything on it is a link to its facts. */
export function TopologyGraph(props: TopologyGraphProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
}

function useGraph({ status, selection, step }: TopologyGraphProps) {
  const shape = shapeOf(status);
  const key = shapeKey(shape);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the shape, which is a new object each time.
  const layout = useMemo(() => layoutTopology(shape), [key]);
  const input = { status, layout, selection, step };
  // Only what changed gets a new object, so that only what changed is drawn again.
  const nodes = useRef<TopologyNode[]>([]);
  const edges = useRef<TopologyEdge[]>([]);
  nodes.current = replaceEqualDeep(nodes.current, graphNodes(input));
  edges.current = replaceEqualDeep(edges.current, graphEdges(input));
  return { nodes: nodes.current, edges: edges.current, key };
}

function Graph(props: TopologyGraphProps) {
  const { bare = false } = props;
  const { nodes, edges, key } = useGraph(props);
  const { motion } = usePreferences();
  const flow = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState(false);
  const duration = motion ? 200 : 0;
  const fit = () => {
    setMoved(false);
    void flow.fitView({ ...FIT, duration });
  };
  useRefit(frame, moved, key);
  return (
    <section
      ref={frame}
      aria-label={messages.topology.graphLabel(props.status.name)}
      className="relative min-h-0 min-w-0 flex-1"
      data-testid="topology-graph"
    >
      <ReactFlow<TopologyNode, TopologyEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        connectionMode={ConnectionMode.Loose}
        fitView
        fitViewOptions={FIT}
        minZoom={0.2}
        maxZoom={2.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        panOnScroll={false}
        preventScrolling={!bare}
        zoomOnScroll={!bare}
        onMoveStart={(event) => event && setMoved(true)}
        proOptions={{ hideAttribution: true }}
        className="!bg-transparent"
      />
      {bare ? null : <ZoomControls onFit={fit} onZoom={() => setMoved(true)} duration={duration} />}
    </section>
  );
}

/** The view is fitted anew when the frame changes its size, unless the operator has chosen a view of his own. */
function useRefit(frame: React.RefObject<HTMLDivElement | null>, moved: boolean, key: string): void {
  const flow = useReactFlow();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new shape is fitted once.
  useEffect(() => {
    const element = frame.current;
    if (!element || moved) return;
    const observer = new ResizeObserver(() => requestAnimationFrame(() => void flow.fitView(FIT)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [flow, frame, moved, key]);
}

interface ZoomControlsProps {
  onFit: () => void;
  /** The operator has chosen a view of his own. */
  onZoom: () => void;
  duration: number;
}

function ZoomControls({ onFit, onZoom, duration }: ZoomControlsProps) {
  const flow = useReactFlow();
  const nearer = () => {
    onZoom();
    void flow.zoomIn({ duration });
  };
  const further = () => {
    onZoom();
    void flow.zoomOut({ duration });
  };
  useKeyAction('fit', onFit);
  useKeyAction('nearer', nearer);
  useKeyAction('further', further);
  const { topology: text } = messages;
  return (
    <div className="no-print absolute right-3 bottom-3 flex flex-col rounded-md border border-line-strong bg-surface">
      <Button look="ghost" size="icon" aria-label={text.nearer} title={`${text.nearer} (+)`} onClick={nearer}>
        <Plus size={16} aria-hidden="true" />
      </Button>
      <Button look="ghost" size="icon" aria-label={text.further} title={`${text.further} (-)`} onClick={further}>
        <Minus size={16} aria-hidden="true" />
      </Button>
      <Button look="ghost" size="icon" aria-label={text.fit} title={`${text.fit} (0)`} onClick={onFit}>
        <Maximize size={16} aria-hidden="true" />
      </Button>
    </div>
  );
}
