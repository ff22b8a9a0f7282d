/**
 * Instructions an operator gives by hand: to a pair, to the work, to read a journal. Each carries a token of its own from
 * the same counter as the claims of runs, so that storage orders it among them (1b rule 8).
 */
import { randomUUID } from 'node:crypto';
import { plannedPair, plannedPairs } from '../domain/arrangement.ts';
import { type DriverToken, type Generation, newestGeneration } from '../domain/generation.ts';
import type { HostFacts, HostInstruction, HostReply, LedgerReport, WorkState } from '../domain/host.ts';
import { pairKey, pairName, parsePairName } from '../domain/names.ts';
import { whyRefused } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type {
  OperatorPairInstruction,
  PairDefinition,
  PairFacts,
  StorageInstruction,
  StorageReply,
} from '../domain/storage-controller.ts';
import { ROUTINES } from '../routines/find-routine.ts';
import { type Agents, siteOfProcess } from './agents.ts';
import type { CommandParams, CommandResult } from './commands.ts';
import { nextClaimEpoch } from './counters.ts';
import type { Database } from './database.ts';
import { expectReply, type GroupAccess, unknownSystem, type Views } from './group-access.ts';
import { type GroupRecord, readGroup } from './groups.ts';

const ANSWER_MS = 10_000;
/** A drain moves what the line lets through; longer than this it becomes a failure (1b rule 19). */
const DRAIN_MS = 120_000;
/** Reading a whole ledger takes as long as its volume is large. */
const VERIFY_MS = 120_000;

export class Instructions {
  constructor(
    private readonly database: Database,
    private readonly agents: Agents,
    private readonly access: GroupAccess,
    private readonly views: Views,
  ) {}

  /** Gives an instruction to a pair. Refused while a routine is changing the group: two drivers would contradict each other. */
  async pair({
    group: name,
    pair,
    instruction,
  }: CommandParams<'pair.instruct'>): Promise<CommandResult<'pair.instruct'>> {
    const group = await readGroup(this.database, name);
    const ends = parsePairName(pair);
    const known = (system: string | undefined) => group.arrangement.systems.some((one) => one.name === system);
    if (!ends || !known(ends.source) || !known(ends.destination)) {
      throw refuse(
        'unknown-pair',
        `group ${name} can have no pair ${pair}`,
        `Name two of ${group.arrangement.systems.map((one) => one.name).join(' ')}, source first.`,
      );
    }
    const token = await this.tokenBesideRuns(group, 'pairs');
    const given = this.instructionFor(group, ends, instruction, token);
    await this.refuseUnfit(group, ends, instruction, given.target);
    const reply = await this.access.storage(group, given.target, given.instruction, ANSWER_MS);
    return { pair: given.pair, state: stateOf(reply) };
  }

  /**
   * Storage takes an instruction that names a condition already reached as done, which is right for a routine that
   * repeats itself. An operator who asks for it is told why nothing is to be done.
   */
  private async refuseUnfit(
    group: GroupRecord,
    { source, destination }: { source: string; destination: string },
    instruction: OperatorPairInstruction,
    target: string,
  ): Promise<void> {
    const reply = await this.access.storage(group, target, { verb: 'query' }, ANSWER_MS);
    const pairs = reply.verb === 'query' ? reply.facts.pairs : [];
    const key = pairKey(source, destination);
    const pair = pairs.find((one) => pairKey(one.definition.source, one.definition.destination) === key);
    const name = pairName(source, destination);
    if (pair && pair.name !== name) {
      throw refuse(
        'wrong-state',
        `${target} has the pair as ${pair.name}, not as ${name}`,
        `Name it ${pair.name}, or reverse it first (pair reverse --pair ${pair.name}).`,
      );
    }
    const planned = plannedPair(group.arrangement, { source, destination }, this.holderSeen(group.name));
    const kind = pair?.definition.kind ?? planned?.kind ?? 'async';
    const why = whyRefused(kind, pair?.state ?? 'absent', instruction);
    if (why) throw refuse(pair ? 'wrong-state' : 'unknown-pair', `${instruction} ${name}: ${why.reason}`, why.cure);
  }

  async journal({
    group: name,
    system,
    after,
    limit,
  }: CommandParams<'journal.read'>): Promise<CommandResult<'journal.read'>> {
    const group = await readGroup(this.database, name);
    const reply = await this.access.storage(group, system, { verb: 'query-journal', after, limit }, ANSWER_MS);
    if (reply.verb !== 'journal')
      throw refuse(
        'internal',
        `${system} answered ${reply.verb} where its journal was asked for`,
        'Update all sites to the same version.',
      );
    return { entries: reply.entries, trimmedTo: reply.trimmedTo, lastNumber: reply.lastNumber };
  }

  /**
   * Reads a difference bitmap as `system` has it. Its site agent asks the process itself, so that it can be read where no host
   * of the group is left.
   */
  async differences({
    group: name,
    system,
    query,
  }: CommandParams<'differences.read'>): Promise<CommandResult<'differences.read'>> {
    const { arrangement } = await readGroup(this.database, name);
    const site = arrangement.systems.find((one) => one.name === system)?.site;
    if (!site) throw unknownSystem(name, system, arrangement);
    return this.agents.call(site, 'storage.differences', { group: name, process: system, query });
  }

  /** Starts the work on the host of the system that holds the role. Refused while a run may tell that host otherwise. */
  async startWork(name: string): Promise<WorkState> {
    const group = await readGroup(this.database, name);
    const own = await this.tokenBesideRuns(group, 'work');
    const { host, facts } = await this.holder(group);
    const token = { ...own, generation: facts.generation.number };
    return this.work(group, host, { verb: 'work-start', generation: facts.generation.number, token });
  }

  /** Stops the work wherever it runs. Refused while a run may tell that host otherwise. */
  async stopWork(name: string, reason: string): Promise<WorkState> {
    const group = await readGroup(this.database, name);
    const own = await this.tokenBesideRuns(group, 'work');
    const { host, facts } = await this.holder(group);
    const token = { ...own, generation: facts.generation.number };
    return this.work(group, host, { verb: 'work-stop', token, reason });
  }

  async workRate(name: string, transactionsPerSecond: number): Promise<WorkState> {
    const group = await readGroup(this.database, name);
    const { host } = await this.holder(group);
    return this.work(group, host, { verb: 'work-rate', transactionsPerSecond });
  }

  /**
   * Compares the ledger on `on` (null: the system that holds the role) with the most that any host was told is complete,
   * dead ones included: their own record is read from their folder.
   */
  async verifyLedger({ group: name, on }: CommandParams<'ledger.verify'>): Promise<LedgerReport> {
    const group = await readGroup(this.database, name);
    const host = on === null ? (await this.holder(group)).host : this.hostOf(group, on);
    const told = await this.mostCompleted(group, host);
    const instruction: HostInstruction = {
      verb: 'ledger-verify',
      completedThrough: told?.completedThrough ?? null,
      source: told?.source ?? host,
      ...(told?.generation === undefined ? {} : { generation: told.generation }),
    };
    return expectReply(await this.host(group, host, instruction, VERIFY_MS), 'ledger').report;
  }

  /** The host whose system holds the role, by the newest generation any host knows. */
  async holder(group: GroupRecord): Promise<{ host: string; facts: HostFacts }> {
    const answers = await Promise.allSettled(
      group.arrangement.hosts.map(
        async ({ name }) =>
          expectReply(await this.host(group, name, { verb: 'host-facts' }, ANSWER_MS), 'host-facts').facts,
      ),
    );
    const facts = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const newest = newestGeneration(facts.map((one) => one.generation));
    if (!newest)
      throw refuse('unreachable', `no host of group ${group.name} answers`, 'Restart a host (fault restart).');
    const { holder } = newest;
    const host = facts.find((one) => one.system === holder);
    if (host) return { host: host.host, facts: host };
    if (holder === null)
      throw refuse(
        'wrong-state',
        `nobody holds the host role in group ${group.name} yet`,
        'Finish the takeover first (run failover).',
      );
    throw refuse(
      'unreachable',
      `the host of ${holder}, which holds the role, does not answer`,
      `Restart host-${holder}, or take over (run failover).`,
    );
  }

  /**
   * A token for an instruction given by hand, refused with `busy` where a run is under way that it would lock out. The token
   * is taken first: a run that comes too late to be seen here claims its group after that, and so has the newer word.
   */
  private async tokenBesideRuns(group: GroupRecord, about: 'pairs' | 'work'): Promise<DriverToken> {
    const token = await this.token(group.name);
    const run = await this.database.prisma.run.findFirst({
      where: { group: group.name, changing: true, status: { not: 'ended' } },
    });
    if (!run) return token;
    // A resident routine runs for as long as its operation lasts and tells hosts nothing; the work is not its affair.
    const graph = ROUTINES.find((one) => one.arrangement === group.arrangement.id && one.id === run.routine);
    if (about === 'work' && graph?.resident) return token;
    throw refuse(
      'busy',
      `${run.routine} is under way in group ${group.name} (run ${run.id})`,
      'Answer what it asks and wait until it has ended, or abort it (run abort).',
    );
  }

  /** A token newer than every one given before. */
  private async token(group: string): Promise<DriverToken> {
    const claimEpoch = await nextClaimEpoch(this.database);
    return { generation: this.generationSeen(group), runId: `manual-${randomUUID()}`, claimEpoch, step: 0 };
  }

  private generationSeen(group: string): number {
    return newestGeneration(this.generationsOf(group))?.number ?? 0;
  }

  /** System that takes the host writes, as far as the systems have told; null where none does or none has told. */
  private holderSeen(group: string): string | null {
    return newestGeneration(this.generationsOf(group))?.holder ?? null;
  }

  private generationsOf(group: string): Generation[] {
    return this.views.of(group).flatMap(({ facts }) => (facts && 'storage' in facts ? [facts.storage.generation] : []));
  }

  private instructionFor(
    { name, definition, arrangement }: GroupRecord,
    { source, destination }: { source: string; destination: string },
    instruction: OperatorPairInstruction,
    token: DriverToken,
  ): { pair: string; target: string; instruction: StorageInstruction } {
    const pair = pairName(source, destination);
    switch (instruction) {
      case 'create': {
        const shape = plannedPair(arrangement, { source, destination }, this.holderSeen(name));
        if (!shape)
          throw refuse(
            'unknown-pair',
            `${arrangement.id} has no pair ${pair}`,
            `Pairs: ${plannedPairs(arrangement)
              .map((one) => pairName(one.source, one.destination))
              .join(' ')}.`,
          );
        const wanted: PairDefinition = {
          ...shape,
          transport: definition.transport[pairKey(source, destination)] ?? 'journal',
          fence: definition.fence,
        };
        return { pair, target: source, instruction: { verb: 'create', pair: wanted, token, knownEqual: false } };
      }
      case 'reverse': {
        // Named as it stands now; what is asked for is the other direction, so asking twice does not turn it back.
        const wanted = pairName(destination, source);
        return { pair: wanted, target: destination, instruction: { verb: 'reverse', pair: wanted, token } };
      }
      case 'drain':
        return { pair, target: destination, instruction: { verb: 'drain', pair, token, deadlineMs: DRAIN_MS } };
      case 'rollback':
        return { pair, target: destination, instruction: { verb: 'rollback', pair, token } };
      default:
        return { pair, target: source, instruction: { verb: instruction, pair, token } };
    }
  }

  private hostOf({ name, arrangement }: GroupRecord, system: string): string {
    const host = arrangement.hosts.find((one) => one.system === system || one.name === system);
    if (host) return host.name;
    throw refuse(
      'unknown-system',
      `no host of group ${name} is attached to ${system}`,
      `Name one of: ${arrangement.hosts.map((one) => one.system).join(' ')}.`,
    );
  }

  private async mostCompleted(
    group: GroupRecord,
    verifier: string,
  ): Promise<{ completedThrough: number; generation?: number; source: string } | null> {
    const records = await Promise.all(
      group.arrangement.hosts.map(async ({ name }) => {
        const site = siteOfProcess(group.arrangement, name);
        // A site that does not answer gives no record; the verifying host then says what it knows from heartbeats.
        const record =
          site && (await this.agents.call(site, 'ledger.record', { group: group.name, host: name }).catch(() => null));
        return record ? [{ ...record, source: name === verifier ? name : `the record of ${name}` }] : [];
      }),
    );
    const [most] = records.flat().sort((a, b) => b.completedThrough - a.completedThrough);
    return most ?? null;
  }

  private async work(group: GroupRecord, host: string, instruction: HostInstruction): Promise<WorkState> {
    return expectReply(await this.host(group, host, instruction, ANSWER_MS), 'work').work;
  }

  private host(group: GroupRecord, host: string, instruction: HostInstruction, timeoutMs: number): Promise<HostReply> {
    return this.access.host({ name: group.name, arrangement: group.arrangement.id }, host, instruction, timeoutMs);
  }
}

function stateOf(reply: StorageReply): string {
  const pair: PairFacts | null = reply.verb === 'pair' ? reply.pair : null;
  return pair?.state ?? 'absent';
}
