/** Instructions that begin a copy: create and resync (003 §[0077], [0078], [0083]–[0086]). */
import type { z } from 'zod';
import type { DriverToken } from '../domain/generation.ts';
import { pairKey, pairName } from '../domain/names.ts';
import { isCopying, isSuspended } from '../domain/pair-states.ts';
import { refuse } from '../domain/refusal.ts';
import type { PairDefinition } from '../domain/storage-controller.ts';
import type { StorageCore } from './core.ts';
import type { Formation } from './formation.ts';
import { checkVersion, find, mustAllow, type Of, refusedBy } from './instruction-checks.ts';
import type { PairEnds } from './pair-ends.ts';
import { createReply, type heldSchema, resyncReply } from './pair-messages.ts';
import type { PairRecord } from './system-record.ts';
import { joinedTracks } from './track-bits.ts';

export class CopyInstructions {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly formation: Formation,
  ) {}

  /** System that has to carry it out. Throws `RefusedError` where this one is no end of the pair. */
  sourceOf({ source, destination }: PairDefinition): string {
    const { system } = this.core.config;
    if (source !== system && destination !== system)
      throw refuse(
        'bad-request',
        `${system} is no end of ${pairName(source, destination)}.`,
        `Instruct ${source} or ${destination}.`,
      );
    return source;
  }

  /** At the source. Returns the pair's key. */
  async create({ pair: definition, token, knownEqual, mayDiffer }: Of<'create'>): Promise<string> {
    const { core } = this;
    const key = pairKey(definition.source, definition.destination);
    const known = core.pairs.get(key);
    if (known && !sameDefinition(known.definition, definition)) throw refusedBy(core, known, 'create');
    if (known && known.state !== 'simplex') return key;
    this.formation.mayBeginAsSource(key, definition.kind);
    const { link } = this.ends.at(key);
    const source = knownEqual ? this.held() : null;
    const question = { definition, token, source, mayDiffer };
    const answer = await link.call('pair.create', question, core.config.timing.callMs);
    core.life.mustLive();
    const { held, differs } = createReply.parse(answer);
    if (held) await this.mustStillHold(key, definition, token, held.lastNumber);
    const pair = core.pairs.get(key) ?? core.pairs.add(definition, token.claimEpoch);
    if (pair.state !== 'simplex') return key;
    this.formation.mayBeginAsSource(key, definition.kind);
    if (held) this.formation.beginEqual(key, pair, held.lastNumber, held.durable, token.generation);
    else if (differs) this.beginDiffering(key, pair, token.generation, differs);
    else this.formation.beginAtSource(key, pair, 'initial-copying', 'initial copy', token.generation);
    return key;
  }

  /** Both ends went on behind `common`: the tracks either of them changed since are copied (rule 20). Throws `DiskError`. */
  private beginDiffering(
    key: string,
    pair: PairRecord,
    generation: number,
    { common, bits }: { common: number; bits: string },
  ): void {
    const { pairs } = this.core;
    const tracks = this.core.tracksAfter(common);
    // A pair that was never copied may not have fewer bits than all; one that is suspended may.
    pairs.changeState(pair, 'suspend', 'what differs is known by number', { agreedNumber: common });
    if (tracks) pairs.bitmap(key).narrowTo(joinedTracks(tracks, Buffer.from(bits, 'base64')));
    this.formation.beginAtSource(key, pair, 'duplex-pending', 'differences by number', generation);
  }

  /** What this end holds, for the other one to compare with. */
  private held(): z.infer<typeof heldSchema> {
    const { record, lastNumber, journal } = this.core;
    const { lineage, imageConsistent, evidenceLost } = record;
    return { lineage, lastNumber, consistent: imageConsistent, evidenceLost, trimmedTo: journal.trimmedTo };
  }

  /**
   * The other end has said that it holds everything up to `number`. A sync pair says of both that they are equal, so nothing
   * may have been written meanwhile. Throws `RefusedError` `not-equal`, with the pair taken back there.
   */
  private async mustStillHold(
    key: string,
    { kind, destination }: PairDefinition,
    token: DriverToken,
    number: number,
  ): Promise<void> {
    const { core } = this;
    if (core.pairs.get(key) || core.lastNumber === number || (kind === 'async' && number >= core.journal.trimmedTo))
      return;
    await this.ends.at(key).link.call('pair.delete', { key, token }, core.config.timing.callMs);
    core.life.mustLive();
    throw refuse(
      'not-equal',
      `${core.config.system} has gone on to update ${core.lastNumber}; ${destination} holds ${number}.`,
      'Create the pair with a copy.',
    );
  }

  /** At the source: differences only. */
  async resync({ pair: name, token, leaveOwn, expectedVersion }: Of<'resync'>): Promise<void> {
    const { core } = this;
    const { key, pair } = find(core, name);
    checkVersion(pair, expectedVersion);
    if (isCopying(pair.state) || pair.state === 'duplex') return;
    mustAllow(core, pair, 'resync');
    const { source, kind } = pair.definition;
    this.formation.mayBeginAsSource(key, kind);
    const question = { key, source, kind, token, leaveOwn };
    const answer = await this.ends.at(key).link.call('pair.resync', question, core.config.timing.callMs);
    core.life.mustLive();
    const { bits } = resyncReply.parse(answer);
    if (core.pairs.get(key) !== pair || !isSuspended(pair.state) || !core.pairs.isSource(pair)) return;
    this.formation.mayBeginAsSource(key, kind);
    // The copy starts from the persisted union of both ends' differences (rule 12).
    if (!core.mutant('bits-from-source-only')) core.pairs.bitmap(key).union(Buffer.from(bits, 'base64'));
    this.formation.beginAtSource(key, pair, 'duplex-pending', 'resync', token.generation);
  }
}

function sameDefinition(a: PairDefinition, b: PairDefinition): boolean {
  return a.source === b.source && a.destination === b.destination && a.kind === b.kind;
}
