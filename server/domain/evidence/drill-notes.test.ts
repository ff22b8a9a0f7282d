import { describe, expect, it } from 'vitest';
import { type DrillNote, parseNotes, progressOf } from './drill-notes.ts';

const moment = { at: 1_700_000_000_000, filmMs: 10 };
const NOTES: DrillNote[] = [
  {
    kind: 'begun',
    ...moment,
    runbook: 'line-cut',
    title: 'A cut line',
    says: 'x',
    group: 'demo',
    arrangement: 'chain-3',
  },
  { kind: 'chapter', ...moment, title: 'The line is cut', text: 'x' },
  { kind: 'act', ...moment, text: 'Cut P-I', command: null, picture: 'pictures/001.png' },
  { kind: 'step', ...moment, step: 'S240', title: 'Ask for I→R again', outcome: 'suspend', picture: null },
];
const text = (notes: readonly DrillNote[]) => notes.map((note) => `${JSON.stringify(note)}\n`).join('');

describe('notes of a drill', () => {
  it('read back as they were written', () => {
    expect(parseNotes(text(NOTES))).toEqual(NOTES);
  });

  it('end before a line that was torn, at whatever byte', () => {
    const whole = text(NOTES);
    const lastBegins = text(NOTES.slice(0, -1)).length;
    for (let length = lastBegins; length < whole.length - 1; length += 1)
      expect(parseNotes(whole.slice(0, length))).toEqual(NOTES.slice(0, -1));
  });

  it('end before a line that is no note', () => {
    expect(parseNotes(`${text(NOTES.slice(0, 2))}{"kind":"gossip"}\n${text(NOTES.slice(2))}`)).toEqual(
      NOTES.slice(0, 2),
    );
  });

  it('tell how far a drill has come, and how it ended', () => {
    expect(progressOf(NOTES)).toEqual({
      chapter: 'The line is cut',
      last: 'S240 Ask for I→R again: suspend',
      done: 2,
      ended: null,
      trouble: null,
      goOn: [],
      bytes: null,
    });
    const ended: DrillNote = {
      kind: 'ended',
      ...moment,
      passed: false,
      stoppedAt: 'pair P-I duplex',
      reason: 'it was not',
      picture: null,
    };
    expect(progressOf([...NOTES, ended]).ended).toEqual({
      passed: false,
      stoppedAt: 'pair P-I duplex',
      reason: 'it was not',
    });
  });
});
