/** Initial copy of chain-3 (003 Fig. 5, §[0074]–[0079]): both pairs to duplex in forward direction, from whatever is met. */
import { ANY_STATE, decide, end, expects, looksAt, option, step, to } from './graph-words.ts';
import type { RoutineGraph } from './step-graph.ts';

const UNTOUCHED = 'nothing was changed';
const SYNC_OPEN = 'P works; P⇒I or I→R may be suspended and is resynced by the next initial-copy';

export const INITIAL_COPY: RoutineGraph = {
  id: 'initial-copy',
  arrangement: 'chain-3',
  title: 'Initial copy to normal operation',
  intent: 'maintenance',
  host: 'host-P',
  resident: false,
  first: 'S090',
  steps: [
    step({
      id: 'S090',
      ours: true,
      title: 'P holds the host role?',
      text: 'Copying forward from P is right only while P is the system that takes host writes.',
      host: 'host-P',
      target: 'P',
      action: 'check-holder',
      parameters: { system: 'P' },
      outcomes: {
        holder: to('S092', 'P holds the host role.'),
        'held-elsewhere': end(
          'failed',
          UNTOUCHED,
          'Another system takes the host writes: copying from P would overwrite newer data. Run failback first.',
        ),
        unfinished: end(
          'failed',
          UNTOUCHED,
          'A takeover was begun and not ended: nobody holds the host role. Run failover or failback to its end first.',
        ),
      },
      abortState: UNTOUCHED,
    }),
    step({
      id: 'S092',
      ours: true,
      title: 'Does I or R hold newer data?',
      text: 'Compares what I and R hold with P’s history.',
      host: 'host-P',
      target: 'P',
      action: 'compare-images',
      parameters: { base: 'P', others: 'I R' },
      outcomes: {
        none: to('S095', 'Neither I nor R is known to hold an update that P lacks.'),
        'newer-elsewhere': to('S093', 'I or R holds updates that P never received.'),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: 'S093',
      ours: true,
      title: 'Overwrite newer data?',
      text: 'After a failback with data loss, I or R may hold updates that P lacks.',
      question: 'Overwrite them with P’s data?',
      byDefault: 'stop',
      options: [
        option(
          'overwrite',
          'Overwrite with P’s data',
          'The updates that only I or R holds are gone for good.',
          { step: 'S095' },
          { dangerous: true },
        ),
        option('stop', 'Stop here', 'Nothing is changed; what I and R hold can still be read.', {
          ending: 'aborted',
          state: UNTOUCHED,
        }),
      ],
      abortState: UNTOUCHED,
    }),
    step({
      id: 'S095',
      ours: true,
      title: 'Hold I→R while P⇒I copies',
      text: 'Splits the pair between I and R where P⇒I has to copy, so that I is never copied onto while it is copied from.',
      host: 'host-P',
      target: 'I',
      action: 'split-downstream',
      parameters: { pair: 'P-I', downstream: 'I-R' },
      expects: [expects('I-R', ANY_STATE, 'suspending', ['absent', 'duplex', 'suspend', 'failure-suspend'])],
      outcomes: {
        'not-needed': to('S100', 'Nothing flows that would be in the way.'),
        split: to('S100', 'The pair is suspended until P⇒I is in duplex; R keeps its image.'),
      },
      abortState: SYNC_OPEN,
    }),
    step({
      id: 'S100',
      title: 'Form P⇒I',
      text: 'P forms the sync pair with I; formation copy, by difference where the bitmaps allow it.',
      host: 'host-P',
      target: 'P',
      action: 'form-pair',
      parameters: { pair: 'P-I' },
      expects: [expects('P-I', ANY_STATE, 'initial-copying', ['duplex'])],
      outcomes: {
        duplex: to('S110', 'P⇒I is in duplex.'),
        already: to('S110', 'P⇒I was in duplex already.'),
        failed: end(
          'failed',
          SYNC_OPEN,
          'The copy from P to I stopped by itself. Clear the fault and run initial-copy again.',
        ),
      },
      abortState: SYNC_OPEN,
    }),
    step({
      id: 'S110',
      title: 'Form I→R',
      text: 'Host P has I, reached through P, form the async pair with R; formation copy, by difference where the bitmaps allow it.',
      host: 'host-P',
      target: 'I',
      action: 'form-pair',
      parameters: { pair: 'I-R' },
      expects: [expects('I-R', ANY_STATE, 'initial-copying', ['duplex']), looksAt('P-I', ['duplex'])],
      outcomes: {
        duplex: end('done', 'normal operation: P⇒I and I→R in duplex', 'I→R is in duplex.'),
        already: end('done', 'normal operation: P⇒I and I→R in duplex', 'I→R was in duplex already.'),
        failed: end(
          'failed',
          SYNC_OPEN,
          'The copy from I to R stopped by itself. Clear the fault and run initial-copy again.',
        ),
      },
      abortState: SYNC_OPEN,
    }),
  ],
};
