import { describe, expect, it } from 'vitest';
import { PAIR_STATES } from '../../server/domain/pair-states.ts';
import { appearanceOf, worstState } from '../pair-state/appearance.ts';
import { bypassStatus, copyingStatus, lossStatus, normalStatus, pairFixture } from '../testing/group-fixture.ts';
import { drainingRun, endedRun } from '../testing/run-fixture.ts';
import { copyShare, drawnPairs, endsOf, heartbeatSeen, shapeOf, stepMarkOf, upWord } from './derive.ts';
import { gaugeRows } from './gauges.ts';
import { graphEdges, graphNodes, MOVING_EDGES } from './graph-model.ts';
import { layoutTopology, shapeKey } from './layout.ts';
import { zoomLevelOf } from './zoom.ts';

const AT = 1_700_000_000_000;

function graphOf(status: ReturnType<typeof normalStatus>) {
  const input = { status, layout: layoutTopology(shapeOf(status)), selection: null, step: null };
  return { nodes: graphNodes(input), edges: graphEdges(input) };
}

describe('appearance of pair states', () => {
  it('fills the head while data flows and hollows it while suspended', () => {
    for (const state of ['duplex', 'initial-copying', 'duplex-pending', 'suspending'])
      expect(appearanceOf(state).head).toBe('filled');
    for (const state of ['suspend', 'failure-suspend']) expect(appearanceOf(state).head).toBe('hollow');
  });

  it('moves in the three copying states only', () => {
    expect(PAIR_STATES.filter((state) => appearanceOf(state).moving)).toEqual([
      'initial-copying',
      'suspending',
      'duplex-pending',
    ]);
  });

  it('draws a state it does not know as unknown, never as a healthy one', () => {
    for (const state of ['split-brain', 'toString', '']) expect(appearanceOf(state)).toEqual(appearanceOf('unknown'));
  });

  it('lets the worst state speak for a system', () => {
    expect(worstState(['duplex', 'suspend', 'unknown'])).toBe('unknown');
    expect(worstState(['duplex', 'failure-suspend', 'unknown'])).toBe('failure-suspend');
    expect(worstState([])).toBeNull();
  });
});

describe('the shape of a group', () => {
  it('does not depend on its state, so that nothing moves in a disaster or a reversal', () => {
    const key = shapeKey(shapeOf(normalStatus(AT)));
    expect(shapeKey(shapeOf(lossStatus(AT)))).toBe(key);
    expect(shapeKey(shapeOf(copyingStatus(AT)))).toBe(key);
  });

  it('stands in topology order with lines between systems only', () => {
    const shape = shapeOf(normalStatus(AT));
    expect(shape.sites.map((site) => site.name)).toEqual(['production', 'intermediate', 'remote']);
    expect(shape.lines.map((line) => line.name)).toEqual(['P-I', 'I-R']);
  });
});

describe('pairs', () => {
  it('draws the direction that exists', () => {
    const pairs = [pairFixture('I-R', AT, { state: 'absent' }), pairFixture('R-I', AT)];
    expect(drawnPairs(pairs).map((pair) => pair.name)).toEqual(['R-I']);
    expect(drawnPairs([pairFixture('I-R', AT, { state: 'absent' })]).map((pair) => pair.name)).toEqual(['I-R']);
  });

  it('says that ends disagree only where both say something', () => {
    const pair = (source: 'suspend' | 'unknown', destination: 'failure-suspend' | 'suspend') =>
      endsOf(pairFixture('P-I', AT, { stateAtSource: source, stateAtDestination: destination })).agree;
    expect(pair('suspend', 'failure-suspend')).toBe(false);
    expect(pair('suspend', 'suspend')).toBe(true);
    expect(pair('unknown', 'failure-suspend')).toBe(true);
  });

  it('never goes beyond 100 % and takes an empty copy for a whole one', () => {
    const share = (doneBytes: number, totalBytes: number) =>
      copyShare(pairFixture('R-I', AT, { copy: { doneBytes, totalBytes, startedAt: AT } }));
    expect(share(50, 100)).toBe(0.5);
    expect(share(150, 100)).toBe(1);
    expect(share(0, 0)).toBe(1);
    expect(copyShare(pairFixture('R-I', AT))).toBeNull();
  });

  it('shows only gauges that are known, at most four', () => {
    expect(gaugeRows(pairFixture('I-R', AT))).toEqual(['given 184,220', 'applied 184,207', '52 KiB · 0.42 s']);
    const nothing = { givenNumber: null, appliedNumber: null, lag: null, rateBytesPerSecond: null, journal: null };
    expect(gaugeRows(pairFixture('I-R', AT, { ...nothing, dirtyTracks: null }))).toEqual([]);
    const filling = { usedBytes: 120, sizeBytes: 128, fullInMs: 250_000 };
    expect(gaugeRows(pairFixture('I-R', AT, { journal: filling }))).toContain('journal 93 % · full in 00:04:10');
  });

  it('names the difference snapshot on its way in place of a journal', () => {
    const sets = { snapshotIntervalMs: 500, journal: null };
    expect(gaugeRows(pairFixture('I-R', AT, sets))[0]).toBe('by snapshots');
    const set = { id: 5_000_003, number: 4711, tracks: 32, bytes: 2 * 1024 * 1024, doneBytes: 512 * 1024 };
    expect(gaugeRows(pairFixture('I-R', AT, { ...sets, set }))[0]).toBe('snapshot 4,711: 512 KiB of 2 MiB');
  });
});

describe('the graph', () => {
  it('turns an arrow at a reversal and leaves every box where it was', () => {
    const before = graphOf(normalStatus(AT));
    const after = graphOf(copyingStatus(AT));
    const places = (nodes: typeof before.nodes) =>
      nodes.filter((node) => node.type !== 'enclosure').map((node) => [node.id, node.position]);
    expect(places(after.nodes)).toEqual(places(before.nodes));
    const arrow = after.edges.find((edge) => edge.id === 'pair:R-I');
    expect(arrow).toMatchObject({ source: 'R', target: 'I', sourceHandle: 'left', targetHandle: 'right' });
  });

  it('leads a pair that passes a system over below the lanes, with the room it takes in view', () => {
    const { nodes, edges } = graphOf(bypassStatus(AT));
    const arc = edges.find((edge) => edge.id === 'pair:I-R');
    expect(arc).toMatchObject({ type: 'pair', sourceHandle: 'bottom', targetHandle: 'bottom' });
    expect(arc?.type === 'pair' && arc.data?.arc?.low).toBeGreaterThan(0);
    expect(edges.find((edge) => edge.id === 'pair:P-I')?.data).toMatchObject({ arc: null });
    expect(nodes.map((node) => node.type)).toContain('room');
    expect(nodes.filter((node) => node.type === 'enclosure').map((node) => node.id)).toEqual(['enclosure:P-I']);
  });

  it('draws switching devices where the arrangement has any', () => {
    const { nodes } = graphOf(bypassStatus(AT));
    expect(nodes.filter((node) => node.type === 'switch').map((node) => node.id)).toEqual(['switch-I', 'switch-J']);
    expect(graphOf(normalStatus(AT)).nodes.some((node) => node.type === 'switch')).toBe(false);
  });

  it('lets no more edges move than the machine can bear', () => {
    const copying = Array.from({ length: MOVING_EDGES + 5 }, () =>
      pairFixture('P-I', AT, { state: 'initial-copying' }),
    );
    const { edges } = graphOf({ ...normalStatus(AT), pairs: copying });
    const moving = edges.filter((edge) => edge.type === 'pair' && edge.data?.moving);
    expect(moving).toHaveLength(MOVING_EDGES);
  });

  it('believes no heartbeat of an observer that is not itself heard', () => {
    const loss = lossStatus(AT);
    const beat = graphOf(loss).edges.find((edge) => edge.type === 'heartbeat');
    expect(beat?.data).toMatchObject({ there: { lost: true }, back: null });
    expect(heartbeatSeen(loss, 'host-R', 'host-P')).toMatchObject({ lost: true });
    expect(heartbeatSeen(loss, 'host-P', 'host-R')).toBeNull();
  });

  it('marks where the current step works, and nothing once the run has ended', () => {
    const step = { target: 'R', expects: [{ pair: 'I-R' }] };
    expect(stepMarkOf(drainingRun(AT), step)).toEqual({
      step: 'S230',
      run: 'run-draining',
      system: 'R',
      pairs: ['I-R'],
    });
    expect(stepMarkOf(endedRun(AT), step)).toBeNull();
    expect(stepMarkOf(null, step)).toBeNull();
  });

  it('tells not knowing from being down', () => {
    expect([true, false, null].map((up) => upWord({ up }))).toEqual(['up', 'down', 'unknown']);
  });

  it('hides text rather than drawing it too small', () => {
    expect([0.54, 0.55, 0.84, 0.85, 1.49, 1.5].map(zoomLevelOf)).toEqual([
      'least',
      'far',
      'far',
      'middle',
      'middle',
      'near',
    ]);
  });
});
