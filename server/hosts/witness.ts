/**
 * The monitoring host (003 §[0059]): a third observer of the hosts' heartbeats, and keeper of the register, at a site of
 * its own. One process serves one group. Everything is answered from what is durable on its disk.
 */
import type { Heartbeat, WitnessFacts, WitnessInstruction, WitnessReply } from '../domain/host.ts';
import { type HostName, type SystemName, WITNESS } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { CallHandler, Identity } from '../network/channel-types.ts';
import { DurableRecord } from './durable-record.ts';
import { HeartbeatWatch, TESTIMONY_FIELDS } from './heartbeat-watch.ts';
import { parseInstruction, witnessInstructionSchema } from './messages.ts';
import {
  answerOf,
  confirms,
  fenceRegister,
  initialRegister,
  type KeptRegister,
  nameHolder,
  recordSplit,
  registerSchema,
} from './register.ts';
import { SlotFile } from './slot-file.ts';

export interface WitnessOptions {
  group: string;
  /** Holder of the first generation: the arrangement's normal one. */
  firstHolder: SystemName;
  systems: readonly SystemName[];
  hosts: readonly HostName[];
  /** A host is lost once no beat younger than this is known, ms. */
  lostAfterMs: number;
  /** Seeded defects switched on by the simulator; empty in production. */
  mutants?: ReadonlySet<string>;
}

export class Witness {
  private readonly register: DurableRecord<KeptRegister>;
  private readonly watches = new Map<HostName, HeartbeatWatch>();
  private readonly mutants: ReadonlySet<string>;

  /** Opens its disk; at the very first start the register is written. Throws `DiskError` or a refusal where it cannot. */
  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'disk' | 'log'>,
    private readonly options: WitnessOptions,
  ) {
    this.mutants = options.mutants ?? new Set();
    this.register = new DurableRecord(ports.disk, 'register', registerSchema);
    if (this.register.damaged !== null)
      ports.log.write('error', 'the register cannot be read', { reason: this.register.damaged });
    else if (this.register.read() === null) this.register.write(initialRegister(options.firstHolder));
    for (const host of options.hosts) {
      const kept = new SlotFile(ports.disk, `heartbeat-${host}`, TESTIMONY_FIELDS);
      this.watches.set(
        host,
        new HeartbeatWatch({
          observer: WITNESS,
          of: host,
          clock: ports.clock,
          lostAfterMs: options.lostAfterMs,
          kept,
          mutants: this.mutants,
        }),
      );
    }
  }

  /** Answers method `witness` of a channel, whose params are a `WitnessInstruction`. */
  readonly handle: CallHandler = async (method, params, from) => {
    if (method !== 'witness') throw refuse('bad-request', `The witness knows no method ${method}.`, 'Call witness.');
    return this.perform(parseInstruction(witnessInstructionSchema, params), from.peer);
  };

  /** Carries out one instruction. Throws `RefusedError`; then nothing was changed. */
  perform(instruction: WitnessInstruction, from: Identity): WitnessReply {
    if (from.group !== '' && from.group !== this.options.group) {
      throw refuse(
        'forbidden',
        `This witness serves group ${this.options.group}, not ${from.group}.`,
        'Call the witness of the group.',
      );
    }
    switch (instruction.verb) {
      case 'witness-facts':
        return { verb: 'witness-facts', facts: this.facts() };
      case 'register-read':
        return { verb: 'register', record: answerOf(this.kept()) };
      case 'register-fence':
        return this.change(fenceRegister(this.kept(), instruction.expected, instruction.runId));
      case 'register-holder':
        this.requireSystem(instruction.holder);
        return this.change(nameHolder(this.kept(), instruction.generation, instruction.runId, instruction.holder));
      case 'register-split': {
        const { generation, epoch, state, number } = instruction;
        return this.change(recordSplit(this.kept(), generation, epoch, state, number, this.mutants));
      }
      case 'register-confirm': {
        this.requireSystem(instruction.system);
        const kept = this.kept();
        return {
          verb: 'confirmed',
          record: answerOf(kept),
          yes: confirms(kept, instruction.system, instruction.generation),
        };
      }
      case 'heartbeat':
        return this.hear(instruction.beat, from);
    }
  }

  /** What it knows now. The register is null where it cannot be read. */
  facts(): WitnessFacts {
    const register = this.register.damaged === null ? this.register.read() : null;
    return {
      register: register && answerOf(register),
      heartbeats: [...this.watches.values()].map((watch) => watch.view()),
    };
  }

  private kept(): KeptRegister {
    const kept = this.register.read();
    if (kept === null)
      throw refuse(
        'disk-fault',
        'The register is gone from the disk of the witness.',
        'Restore the file register from a copy.',
      );
    return kept;
  }

  /** Makes `next` durable before it is answered. */
  private change(next: KeptRegister): WitnessReply {
    const before = this.kept();
    if (next !== before) {
      this.register.write(next);
      this.ports.log.write('info', 'register changed', { before: answerOf(before), after: answerOf(next) });
    }
    return { verb: 'register', record: answerOf(next) };
  }

  private hear(beat: Heartbeat, from: Identity): WitnessReply {
    const watch = this.watches.get(beat.from);
    if (!watch || beat.from !== from.name) {
      throw refuse(
        'forbidden',
        `${from.name} may not send heartbeats of ${beat.from}.`,
        'A host sends its own heartbeats only.',
      );
    }
    watch.receive(beat);
    return { verb: 'heartbeat-echo', beat: beat.beat };
  }

  private requireSystem(system: SystemName): void {
    if (this.options.systems.includes(system)) return;
    throw refuse(
      'unknown-system',
      `Group ${this.options.group} has no storage system ${system}.`,
      `Use one of ${this.options.systems.join(', ')}.`,
    );
  }
}
