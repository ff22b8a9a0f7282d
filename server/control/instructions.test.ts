import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { defaultGroup, findArrangement } from '../domain/arrangement.ts';
import type { DriverToken } from '../domain/generation.ts';
import type { HostInstruction, HostReply } from '../domain/host.ts';
import { refusalOf } from '../domain/refusal.ts';
import { findRoutine } from '../routines/find-routine.ts';
import { newState, viewOf } from '../routines/run-state.ts';
import type { FakeWorld } from '../routines/testkit/fake-world.ts';
import { startOf } from '../routines/testkit/memory-run-store.ts';
import { forwardWorld, reverseWorld } from '../routines/testkit/worlds.ts';
import { RealClock } from '../site/ports/real-clock.ts';
import { RealEntropy } from '../site/ports/real-entropy.ts';
import { RealNetwork } from '../site/ports/real-network.ts';
import { Agents } from './agents.ts';
import { type Database, openControlDatabase, toJson } from './database.ts';
import { GroupAccess, Views } from './group-access.ts';
import { Instructions } from './instructions.ts';
import { RunClaim } from './runs/run-claim.ts';
import { createRun } from './runs/run-records.ts';
import { startTestDatabase, type TestDatabase } from './testing/database.ts';
import { quietLog } from './testing/quiet-log.ts';

const GROUP = 'demo';
const arrangement = findArrangement('chain-3');
if (!arrangement) throw new Error('there is no arrangement chain-3');

let server: TestDatabase;
let database: Database;
let agents: Agents;
let world: FakeWorld;
let told: { verb: string; token: DriverToken }[];
let instructions: Instructions;

/** Hands instructions to a group in memory, and keeps those that carry a token. */
class GroupInMemory extends GroupAccess {
  override async host(_group: object, host: string, instruction: HostInstruction): Promise<HostReply> {
    const given = instruction.verb === 'storage' ? instruction.instruction : instruction;
    if ('token' in given) told.push({ verb: given.verb, token: given.token });
    return world.perform(host, instruction);
  }
}

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog, 8);
  const clock = new RealClock();
  const ports = { clock, entropy: new RealEntropy(), log: quietLog, network: new RealNetwork() };
  agents = new Agents({}, ports, new Uint8Array(32), 'test', { onUp() {}, onDown() {}, onNotice() {} });
  await database.prisma.group.create({
    data: {
      name: GROUP,
      arrangement: arrangement.id,
      definition: toJson(defaultGroup(GROUP, arrangement)),
      createdBy: 'test',
    },
  });
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

beforeEach(async () => {
  await database.prisma.run.deleteMany();
  world = forwardWorld();
  told = [];
  const views = new Views();
  const access = new GroupInMemory(agents, views);
  instructions = new Instructions(database, agents, access, views);
  const reply = await world.perform('host-P', { verb: 'storage', target: 'P', instruction: { verb: 'query' } });
  if (reply.verb !== 'storage' || reply.reply.verb !== 'query') throw new Error('a query answers facts');
  views.put({
    group: GROUP,
    name: 'P',
    kind: 'storage',
    state: 'up',
    pid: 1,
    address: null,
    startedAt: 0,
    exits: 0,
    lastExit: null,
    facts: { storage: reply.reply.facts },
    factsAt: 0,
  });
});

/** A run of the group as it stands when it has just been started. */
async function begin(routine: string, run: string): Promise<void> {
  const graph = findRoutine('chain-3', routine);
  const start = startOf(routine, { run, group: GROUP });
  await createRun(database, start, viewOf(graph, newState(graph, start)), graph.intent !== 'test');
}

const split = () => instructions.pair({ group: GROUP, pair: 'I-R', instruction: 'split' });

const BY_HAND: [string, () => Promise<unknown>, string][] = [
  ['ledger start', () => instructions.startWork(GROUP), 'work-start'],
  ['ledger stop', () => instructions.stopWork(GROUP, 'stopped by operator'), 'work-stop'],
  ['pair split', split, 'split'],
];

test.each(BY_HAND)('%s is refused while a run is changing the group, which it names', async (_name, give, verb) => {
  await begin('failback', 'run-7');
  const refusal = await give().then(() => null, refusalOf);
  expect(refusal).toMatchObject({ code: 'busy', message: expect.stringContaining('failback') });
  expect(refusal?.message).toContain('run-7');
  expect(told).toEqual([]);

  await database.prisma.run.update({ where: { id: 'run-7' }, data: { status: 'ended' } });
  await give();
  expect(told.map((one) => one.verb)).toEqual([verb]);
});

test('a resident run leaves the work to the operator, and its pairs to nobody else', async () => {
  world = reverseWorld();
  await begin('reverse-copy-control', 'run-8');
  await instructions.stopWork(GROUP, 'stopped by operator');
  await instructions.startWork(GROUP);
  expect(told.map((one) => one.verb)).toEqual(['work-stop', 'work-start']);
  const refusal = await instructions
    .pair({ group: GROUP, pair: 'R-I', instruction: 'split' })
    .then(() => null, refusalOf);
  expect(refusal?.code).toBe('busy');
});

test.each(BY_HAND)(
  '%s that a run overtakes at its start never carries a newer claim than the run',
  async (_name, give) => {
    const counter = await database.pool.connect();
    let given: Promise<unknown>;
    try {
      // Whoever wants the next claim has to wait here, so that the run begins in the middle of the instruction.
      await counter.query('BEGIN');
      await counter.query(`SELECT value FROM counters WHERE name = 'claim-epoch' FOR UPDATE`);
      given = give().then(
        () => 'given',
        (error: unknown) => refusalOf(error).code,
      );
      await someoneWaitsForALock();
      await begin('failover', 'run-9');
      await counter.query('COMMIT');
    } finally {
      counter.release();
    }
    const claim = await RunClaim.take(database, 'run-9', 'worker');
    expect(await given).toBe('busy');
    for (const { token } of told) expect(token.claimEpoch).toBeLessThan(claim.epoch);
  },
);

async function someoneWaitsForALock(): Promise<void> {
  for (;;) {
    const { rowCount } = await database.pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rowCount) return;
  }
}
