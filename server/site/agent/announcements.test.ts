import { describe, expect, test } from 'vitest';
import type { Channel } from '../../network/channel-types.ts';
import { Announcements } from './announcements.ts';

/** The listener's end of a channel: what it was told, in order. */
function listener() {
  const heard: unknown[] = [];
  const channel: Channel = {
    peer: { group: '', name: 'control:1' },
    path: 0,
    open: true,
    queuedBytes: 0,
    call: async () => null,
    notify: (_method, params) => heard.push(params),
    sendFrame: () => true,
    onNotice: null,
    onFrame: null,
    onDrain: null,
    onClose: null,
    close: () => {},
  };
  return { channel, heard };
}

const event = (at: number) => ({ group: 'g', process: 'P', at, kind: 'k', text: 't', facts: {} });
const view = {
  group: 'g',
  name: 'P',
  kind: 'storage',
  state: 'up',
  pid: 1,
  address: null,
  startedAt: 0,
  exits: 0,
  lastExit: null,
  facts: null,
  factsAt: null,
} as const;

describe('announcements', () => {
  test('every listener hears everything', () => {
    const announcements = new Announcements();
    const [one, two] = [listener(), listener()];
    announcements.subscribe(one.channel);
    announcements.subscribe(two.channel);
    announcements.announce('process.event', event(1));
    announcements.announce('process.changed', view);
    expect(one.heard).toEqual([event(1), view]);
    expect(two.heard).toEqual(one.heard);
  });

  test('what nobody heard waits for the next listener, in order; views do not', () => {
    const announcements = new Announcements();
    announcements.announce('process.event', event(1));
    announcements.announce('process.changed', view);
    announcements.announce('process.event', event(2));
    const first = listener();
    announcements.subscribe(first.channel);
    expect(first.heard).toEqual([event(1), event(2)]);
    announcements.unsubscribe(first.channel);
    const second = listener();
    announcements.subscribe(second.channel);
    expect(second.heard).toEqual([]);
  });

  test('memory is bounded while nobody listens: the newest stay', () => {
    const announcements = new Announcements();
    for (let at = 0; at < 5000; at += 1) announcements.announce('process.event', event(at));
    const { channel, heard } = listener();
    announcements.subscribe(channel);
    expect(heard.length).toBe(2000);
    expect(heard.at(-1)).toEqual(event(4999));
  });

  test('a listener far behind gets events but no views', () => {
    const announcements = new Announcements();
    const { channel, heard } = listener();
    announcements.subscribe({ ...channel, queuedBytes: 8 * 1024 * 1024 });
    announcements.announce('process.changed', view);
    announcements.announce('process.event', event(1));
    expect(heard).toEqual([event(1)]);
  });
});
