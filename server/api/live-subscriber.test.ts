import { expect, test } from 'vitest';
import { unheardStatus } from '../control/testing/status.ts';
import { type EventSource, LiveSubscriber } from './live-subscriber.ts';
import type { EventView, LiveMessage } from './views.ts';

function history(): EventSource & { add: (kind?: EventView['kind'], group?: string | null) => void } {
  const events: EventView[] = [];
  return {
    get lastSeq() {
      return events.at(-1)?.seq ?? 0;
    },
    read: async (after, limit) => events.filter((event) => event.seq > after).slice(0, limit),
    add: (kind = 'process-event', group = 'demo') => {
      const seq = (events.at(-1)?.seq ?? 0) + 1;
      events.push({
        seq,
        at: seq,
        group,
        kind,
        subject: 's',
        observer: 'o',
        text: 't',
        severity: 'none',
        run: null,
        rule: null,
        facts: {},
      });
    },
  };
}

const snapshotOf = async (_group: string | null, seq: number): Promise<LiveMessage> => ({
  kind: 'snapshot',
  at: 0,
  lastSeq: seq,
  fleet: [],
  status: null,
  runs: [],
  faults: [],
});

/** Takes what is due now, until `count` messages have come. */
async function take(subscriber: LiveSubscriber, count: number): Promise<{ seq: number; message: LiveMessage }[]> {
  const taken: { seq: number; message: LiveMessage }[] = [];
  for await (const next of subscriber.messages()) {
    taken.push(next);
    if (taken.length === count) break;
  }
  return taken;
}

test('begins with a snapshot, then tells what happens', async () => {
  const events = history();
  events.add();
  const subscriber = new LiveSubscriber('demo', null, events, snapshotOf);
  const pending = take(subscriber, 2);
  events.add('verdict');
  subscriber.ring();
  const [first, second] = await pending;
  expect(first).toMatchObject({ seq: 1, message: { kind: 'snapshot', lastSeq: 1 } });
  expect(second).toMatchObject({ seq: 2, message: { kind: 'event', event: { kind: 'verdict' } } });
});

test('resumed, it is sent every event it missed, in order, and how many those were', async () => {
  const events = history();
  for (let count = 0; count < 450; count += 1) events.add(count % 10 === 0 ? 'pair-transition' : 'process-event');
  const taken = await take(new LiveSubscriber('demo', 50, events, snapshotOf), 402);
  expect(taken.slice(1, -1).map((one) => one.seq)).toEqual(Array.from({ length: 400 }, (_, index) => 51 + index));
  expect(taken.at(-1)?.message).toEqual({ kind: 'caught-up', events: 400, transitions: 40 });
});

test('a number of another history does not silence the stream', async () => {
  const events = history();
  events.add();
  const subscriber = new LiveSubscriber(null, 9_999, events, snapshotOf);
  events.add('verdict');
  const taken = await take(subscriber, 2);
  expect(taken[1]).toMatchObject({ seq: 2, message: { kind: 'event' } });
});

test('a slow reader gets the latest of each thing, not all that came between', async () => {
  const events = history();
  const subscriber = new LiveSubscriber('demo', null, events, snapshotOf);
  const stream = subscriber.messages();
  await stream.next();
  for (let now = 1; now <= 1_000; now += 1) {
    subscriber.putTick(now);
    subscriber.putStatus({ summary: `number ${now}`, ...(now === 7 ? { generation: 7 } : {}) });
    subscriber.putFaults([]);
  }
  const due = [await stream.next(), await stream.next(), await stream.next()].map((next) => next.value?.message);
  expect(due).toMatchObject([
    { kind: 'status', set: { summary: 'number 1000', generation: 7 } },
    { kind: 'faults', faults: [] },
    { kind: 'tick', now: 1_000 },
  ]);
});

test('events of other groups are passed over, those of no group are not, and the place in the history moves on', async () => {
  const events = history();
  const subscriber = new LiveSubscriber('demo', null, events, snapshotOf);
  events.add('process-event', 'other');
  events.add('worker-lost', null);
  const taken = await take(subscriber, 2);
  expect(taken[1]).toMatchObject({ seq: 2, message: { kind: 'event', event: { kind: 'worker-lost' } } });
});

test('ends when it is closed', async () => {
  const subscriber = new LiveSubscriber(null, null, history(), snapshotOf);
  const all = take(subscriber, 10);
  subscriber.close();
  expect((await all).length).toBeLessThan(10);
});

test('what a snapshot holds is not told once more as a change', async () => {
  const subscriber = new LiveSubscriber('demo', null, history(), snapshotOf);
  subscriber.putStatus(unheardStatus());
  subscriber.putTick(5);
  const taken = await take(subscriber, 2);
  expect(taken.map((one) => one.message.kind)).toEqual(['snapshot', 'tick']);
});
