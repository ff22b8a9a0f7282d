/** A restarted source completes nothing before somebody confirms that its generation is still the newest (1b rule 4). */
import { z } from 'zod';
import type { Generation, RegisterRecord } from '../domain/generation.ts';
import type { StorageReply } from '../domain/storage-controller.ts';
import type { StorageConnections } from './config.ts';
import type { StorageCore } from './core.ts';
import { generationSchema } from './pair-messages.ts';

export const registerReply: z.ZodType<{ record: RegisterRecord; yes?: boolean | undefined }> = z.object({
  record: z.object({
    generation: generationSchema,
    epoch: z.number(),
    state: z.enum(['joined', 'alone']),
    number: z.number(),
  }),
  yes: z.boolean().optional(),
});

export interface ConfirmationEvents {
  learn(generation: Generation): void;
  confirmed(): void;
  isConfirmed(): boolean;
  /** Asks another system of the group, hop by hop. */
  ask(target: string): Promise<StorageReply>;
}

export class Confirmation {
  private asking = false;

  constructor(
    private readonly core: StorageCore,
    private readonly connections: StorageConnections,
    private readonly events: ConfirmationEvents,
  ) {}

  /** Asks until somebody says yes, or this system is demoted. */
  seek(): void {
    const { core, events } = this;
    if (this.asking || !core.record.holdsHostRole || events.isConfirmed()) return;
    this.asking = true;
    const asked = core.record.generation.number;
    core.life.when(this.ask(asked), (yes) => {
      this.asking = false;
      if (!core.record.holdsHostRole) return;
      if (yes && core.record.generation.number === asked) events.confirmed();
      else core.life.after(core.config.timing.retryMs, () => this.seek());
    });
  }

  /** An instruction or a peer knows a newer generation than this system: what is it? Never rejects. */
  async learnNewest(): Promise<void> {
    const { timing } = this.core.config;
    try {
      const reply = await this.connections.witness.call('witness', { verb: 'register-read' }, timing.callMs);
      this.heard(reply);
    } catch {
      // The register is out of reach: whoever knows it will tell when it comes to that.
    }
  }

  private heard(value: unknown): { record: RegisterRecord; yes?: boolean | undefined } {
    const reply = registerReply.parse(value);
    this.core.life.enter(() => this.events.learn(reply.record.generation));
    return reply;
  }

  private async ask(number: number): Promise<boolean> {
    const { system, timing } = this.core.config;
    try {
      const params = { verb: 'register-confirm', system, generation: number };
      return this.heard(await this.connections.witness.call('witness', params, timing.callMs)).yes === true;
    } catch {
      return this.askPeers(number);
    }
  }

  /** Without the register every other system has to agree. */
  private async askPeers(number: number): Promise<boolean> {
    const { arrangement, system } = this.core.config;
    const others = arrangement.systems.map((each) => each.name).filter((name) => name !== system);
    const replies = await Promise.allSettled(others.map((name) => this.events.ask(name)));
    let agreeing = 0;
    for (const reply of replies) {
      if (reply.status !== 'fulfilled' || reply.value.verb !== 'query') continue;
      const { generation } = reply.value.facts;
      this.core.life.enter(() => this.events.learn(generation));
      if (generation.number <= number) agreeing += 1;
    }
    return agreeing === others.length;
  }
}
