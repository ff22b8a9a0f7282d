import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ProcessView } from '../site/agent-protocol.ts';
import type { Database } from './database.ts';
import { ObservationWriter } from './observations.ts';
import { quietLog } from './testing/quiet-log.ts';

const view = (group: string, name: string): ProcessView => ({ group, name }) as ProcessView;
/** Groups named by each statement. */
let written: string[][];
let writer: ObservationWriter;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  const query = async (_text: string, values: string[][]) => {
    written.push(values[0] ?? []);
    return { rows: [] };
  };
  writer = new ObservationWriter({ pool: { query } } as unknown as Database, quietLog);
});

afterEach(() => {
  writer.stop();
  vi.useRealTimers();
});

test('views are written together', async () => {
  writer.put('production', view('demo', 'P'));
  writer.put('remote', view('demo', 'R'));
  await vi.runAllTimersAsync();
  expect(written).toEqual([['demo', 'demo']]);
});

test('a group that is gone before its views were written costs no statement, and holds up no other', async () => {
  writer.put('production', view('gone', 'P'));
  writer.forget('gone');
  await vi.runAllTimersAsync();
  expect(written).toEqual([]);
  writer.put('production', view('demo', 'P'));
  await vi.runAllTimersAsync();
  expect(written).toEqual([['demo']]);
});
