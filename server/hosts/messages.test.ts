import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RefusedError, refusalOf } from '../domain/refusal.ts';
import { SmallGroup } from './test-support/small-group.ts';
import { channelFrom } from './test-support/wire.ts';

const LAWFUL = [
  { verb: 'register-fence', expected: 1, runId: 'a' },
  { verb: 'register-split', generation: 1, epoch: 1, state: 'joined', number: 4 },
  { verb: 'work-start', generation: 1, token: { generation: 1, runId: 'a', claimEpoch: 1, step: 1 } },
  { verb: 'raise-host-generation', generation: { number: 2, runId: 'a', holder: null }, token: {} },
  { verb: 'peer-host', instruction: { verb: 'host-facts' } },
  { verb: 'ledger-verify', completedThrough: null, source: '' },
];

/** Anything at all, and instructions with one field gone wrong. */
const spoilt = (lawful: readonly object[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(fc.constantFrom(...lawful), fc.string(), fc.jsonValue())
      .map(([instruction, field, value]) => ({ ...instruction, [field]: value })),
    fc.tuple(fc.constantFrom(...lawful), fc.nat(), fc.jsonValue()).map(([instruction, at, value]) => {
      const fields = Object.keys(instruction);
      return { ...instruction, [fields[at % fields.length] ?? 'verb']: value };
    }),
  );

it('answers or refuses whatever it is sent, and never fails otherwise', async () => {
  const group = new SmallGroup().start();
  await group.clock.advance(2000);
  // A beat that was really heard, so that its spoilt copies come close to being taken.
  const beat = group.P.host.facts().heartbeats[0]?.last;
  const params = spoilt([...LAWFUL, { ...beat }, { verb: 'heartbeat', beat }]);
  const peers = [
    { group: 'demo', name: 'host-R' },
    { group: 'demo', name: 'P' },
    { group: '', name: 'agent:production' },
  ];
  const handlers = [group.P.host.handle, group.witness.handle];
  const methods = fc.constantFrom('host', 'heartbeat', 'witness', 'nonsense');
  await fc.assert(
    fc.asyncProperty(
      params,
      methods,
      fc.constantFrom(...peers),
      fc.constantFrom(...handlers),
      async (sent, method, peer, handle) => {
        // What waits for time to pass has been admitted, which is an answer too.
        const failure = handle(method, sent, channelFrom(peer)).then(
          () => null,
          (error: unknown) => (error instanceof RefusedError ? null : refusalOf(error).message),
        );
        await group.clock.advance(30_000);
        expect(await failure).toBeNull();
      },
    ),
    { seed: 20_260_101, numRuns: 300 },
  );
});
