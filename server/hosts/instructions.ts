/** Carries out what a host is told: every `HostInstruction`, from the agent of its site or, in part, from another host. */

import type { HostFacts, HostInstruction, HostReply, WitnessInstruction } from '../domain/host.ts';
import type { HostName, SystemName } from '../domain/names.ts';
import { refuse } from '../domain/refusal.ts';
import type { Caller, HostConnections } from './connections.ts';
import type { Ledger } from './ledger/ledger.ts';
import { verifyLedger } from './ledger/verify.ts';
import { VolumeError } from './ledger/volume.ts';
import { parseHostReply, parseRegisterReply, parseStorageReply, parseWitnessFacts } from './messages.ts';
import { DEFAULT_REPLY_MS, replyTimeoutMs } from './reply-timeout.ts';
import type { TestBench } from './test-host.ts';
import type { WorkControl } from './work-control.ts';

export interface InstructionsOptions {
  host: HostName;
  system: SystemName;
  peers: readonly HostName[];
  connections: HostConnections;
  work: WorkControl;
  ledger: Ledger;
  tests: TestBench;
  facts: () => HostFacts;
}

export class Instructions {
  constructor(private readonly options: InstructionsOptions) {}

  /** Throws `RefusedError`. Repeating an instruction is harmless. */
  async perform(instruction: HostInstruction): Promise<HostReply> {
    const { tests, work } = this.options;
    switch (instruction.verb) {
      case 'host-facts':
        return { verb: 'host-facts', facts: this.options.facts() };
      case 'storage':
        return this.relay(instruction);
      case 'raise-host-generation':
        work.raise(instruction.generation, instruction.token);
        return { verb: 'host-fenced', generation: work.generation, work: work.state() };
      case 'work-start':
        await work.start(instruction.generation, instruction.token);
        return { verb: 'work', work: work.state() };
      case 'work-stop':
        await work.stop(instruction.token, instruction.reason);
        return { verb: 'work', work: work.state() };
      case 'work-rate':
        work.setRate(instruction.transactionsPerSecond);
        return { verb: 'work', work: work.state() };
      case 'ledger-verify':
        return this.verify(instruction);
      case 'test-start':
        // As a takeover would: under a generation that is newer than every one before.
        return {
          verb: 'test',
          work: await tests.start(instruction.run, instruction.clone, work.generation.number + 1),
        };
      case 'test-work':
        return { verb: 'test', work: await tests.of(instruction.run).carryOut(instruction.transactions) };
      case 'test-verify':
        return { verb: 'ledger', report: await tests.of(instruction.run).verify() };
      case 'test-stop':
        return { verb: 'test', work: await tests.stop(instruction.run) };
      case 'register-read':
      case 'register-fence':
      case 'register-holder':
        return this.askRegister(instruction);
      case 'witness-facts':
        return { verb: 'witness-facts', facts: parseWitnessFacts(await this.askWitness(instruction)) };
      case 'peer-host':
        return this.askPeer(instruction.instruction);
    }
  }

  /** To `target` through the own storage system, which relays hop by hop over the lines (1a: through the near system). */
  private async relay({ target, instruction }: Extract<HostInstruction, { verb: 'storage' }>): Promise<HostReply> {
    const { system, connections } = this.options;
    const storage = connected(connections.storage(), `Storage system ${system}`);
    const reply = parseStorageReply(
      await storage.call('storage', { target, instruction }, replyTimeoutMs(instruction)),
    );
    return { verb: 'storage', reply };
  }

  private async askRegister(instruction: WitnessInstruction): Promise<HostReply> {
    const reply = parseRegisterReply(await this.askWitness(instruction));
    this.options.work.hear(reply.record.generation);
    return reply;
  }

  private askWitness(instruction: WitnessInstruction): Promise<unknown> {
    return connected(this.options.connections.witness(), 'The witness').call('witness', instruction, DEFAULT_REPLY_MS);
  }

  private async askPeer(
    instruction: Extract<HostInstruction, { verb: 'peer-host' }>['instruction'],
  ): Promise<HostReply> {
    const peer = this.options.peers[0];
    if (peer === undefined) throw refuse('bad-request', 'This group has no other host.', 'Ask the host itself.');
    const caller = connected(this.options.connections.host(peer), peer);
    return parseHostReply(await caller.call('host', instruction, DEFAULT_REPLY_MS));
  }

  /** Reads the volume of the own storage system as any host may, whether or not the work runs here. */
  private async verify(instruction: Extract<HostInstruction, { verb: 'ledger-verify' }>): Promise<HostReply> {
    const { ledger, connections, host, system } = this.options;
    const own = instruction.completedThrough === null ? ledger.completed() : null;
    const volume = await openForReading(connections, system);
    try {
      const report = await verifyLedger(volume, {
        completedThrough: instruction.completedThrough ?? own?.completedThrough ?? 0,
        generation: instruction.generation ?? own?.generation ?? null,
        source: instruction.completedThrough === null ? `${host}’s own record` : instruction.source,
        verifiedOn: system,
      });
      return { verb: 'ledger', report };
    } catch (error) {
      throw error instanceof VolumeError ? unreadable(system, error) : error;
    } finally {
      volume.close();
    }
  }
}

async function openForReading(
  connections: HostConnections,
  system: SystemName,
): ReturnType<HostConnections['openVolume']> {
  try {
    return await connections.openVolume();
  } catch (error) {
    throw unreadable(system, error);
  }
}

function unreadable(system: SystemName, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  return refuse(
    'unreachable',
    `Volume 0 of storage system ${system} cannot be read: ${why}.`,
    'Wait until its image is consistent and exported, then verify again.',
  );
}

function connected(caller: Caller | null, who: string): Caller {
  if (caller) return caller;
  throw refuse('unreachable', `${who} does not answer this host.`, 'Restore the line or restart it, then try again.');
}
