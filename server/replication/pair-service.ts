/** What the other end of a pair may ask of this one. */
import type { z } from 'zod';
import type { DriverToken, Generation } from '../domain/generation.ts';
import { pairKey, pairName } from '../domain/names.ts';
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import { refusalOf, refuse } from '../domain/refusal.ts';
import { judgeResume, type Resume } from '../domain/resume.ts';
import type { PairDefinition } from '../domain/storage-controller.ts';
import type { CatchUp } from './catch-up.ts';
import type { StorageCore } from './core.ts';
import type { Drains } from './drains.ts';
import type { Formation } from './formation.ts';
import type { PairEnds } from './pair-ends.ts';
import {
  type createReply,
  type EndView,
  type flushReply,
  type OpenReply,
  type PairMethod,
  type PairParams,
  pairMethods,
  type resyncReply,
} from './pair-messages.ts';
import { type Reconciler, stands } from './reconcile.ts';
import type { Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

export interface PairServiceParts {
  core: StorageCore;
  ends: PairEnds;
  suspension: Suspension;
  drains: Drains;
  formation: Formation;
  reconciler: Reconciler;
  catchUp: CatchUp;
  learn: (generation: Generation) => void;
  /** Throws `RefusedError` where a newer driver was heard. */
  admit: (token: DriverToken) => void;
}

type Handlers = { [M in PairMethod]: (params: PairParams<M>, from: string) => unknown };

const NOTHING_KNOWN: z.infer<typeof createReply> = { held: null, differs: null };

export class PairService {
  private readonly handlers: Handlers = {
    'pair.exchange': (params) => this.exchange(params),
    'pair.create': (params, from) => this.create(params, from),
    'pair.delete': (params) => this.delete(params),
    'pair.reverse': (params) => this.reverse(params),
    'pair.split': (params) => this.split(params),
    'pair.drain': (params) => this.drain(params),
    'pair.resync': (params) => this.resync(params),
    'pair.open': (params) => this.open(params),
    'pair.alone': (params) => this.alone(params),
    'pair.flush': () => this.flush(),
    'pair.fetch': (params) => this.parts.catchUp.serve(params),
  };

  constructor(private readonly parts: PairServiceParts) {}

  /** Serves `method` of the system `from`. Throws `RefusedError`, `DiskError`. */
  async serve<M extends PairMethod>(method: M, params: unknown, from: string): Promise<unknown> {
    const parsed = pairMethods[method].safeParse(params);
    if (!parsed.success)
      throw refuse(
        'bad-request',
        `${method} of ${from} is malformed: ${parsed.error.issues[0]?.path.join('.') ?? ''}.`,
        'Run the same version on both ends.',
      );
    const key = 'key' in parsed.data ? parsed.data.key : null;
    if (key !== null && key !== pairKey(from, this.parts.core.config.system))
      throw refuse('unknown-pair', `${from} is no end of ${key}.`, 'Ask for a pair of your own.');
    // The schema belongs to the method, so the shapes agree; TypeScript cannot follow that through the table.
    return this.handlers[method](parsed.data as PairParams<M>, from);
  }

  private exchange({ key, end }: PairParams<'pair.exchange'>): EndView {
    const mine = this.parts.reconciler.view(key);
    this.parts.reconciler.reconcile(key, end);
    this.parts.catchUp.met(key, end);
    return mine;
  }

  private async create(
    { definition, token, source: theirs, mayDiffer = false }: PairParams<'pair.create'>,
    from: string,
  ): Promise<z.infer<typeof createReply>> {
    const { core, ends, formation, suspension } = this.parts;
    if (theirs) {
      // What is here must outlast this machine: the source may have let go of it.
      await core.checkpoints.run();
      core.life.mustLive();
    }
    const { source, destination, kind } = definition;
    if (source !== from || destination !== core.config.system)
      throw refuse(
        'bad-request',
        `${from} cannot create ${pairName(source, destination)} here.`,
        'Create it at its source.',
      );
    this.parts.admit(token);
    const key = pairKey(source, destination);
    ends.at(key);
    const known = core.pairs.get(key);
    const isSameKind = known?.definition.source === source && known.definition.kind === kind;
    if (known && isSameKind && known.state === 'simplex' && !theirs) return NOTHING_KNOWN;
    if (known && !isSameKind)
      throw refuse(
        'already-exists',
        `${core.config.system} holds the pair as ${pairName(known.definition.source, known.definition.destination)} (${known.state}).`,
        'Reverse and resync it, or delete it first.',
      );
    formation.mayBeginAsDestination(key);
    const common = theirs ? this.mustHold(definition, theirs, mayDiffer) : null;
    // Read off the journal before anything is changed.
    const tracks = common === null ? null : core.tracksAfter(common);
    if (known) {
      // The source has lost it, so what is left here belongs to an older pair of that name.
      suspension.suspend(key, 'fault', 'the source creates the pair anew', null, false);
      core.pairs.remove(key, token.claimEpoch);
    }
    const pair = core.pairs.add(definition, token.claimEpoch);
    if (!theirs) return NOTHING_KNOWN;
    if (common !== null) return { held: null, differs: this.awaitDiffering(key, pair, token, common, tracks) };
    core.pairs.bitmap(key).clear();
    delete core.record.unansweredAbove;
    core.pairs.changeState(pair, 'duplex', 'known equal', { formedUnder: token.generation });
    core.retention.forget(source);
    return { held: { lastNumber: core.lastNumber, durable: core.checkpointNumber }, differs: null };
  }

  /**
   * This end holds updates behind `common` that the source does not have: their tracks become differences, and are copied back
   * (rule 20). `tracks`: null where they are not known after all. Throws `DiskError`.
   */
  private awaitDiffering(
    key: string,
    pair: PairRecord,
    token: DriverToken,
    common: number,
    tracks: Uint8Array | null,
  ): { common: number; bits: string } {
    const { core, ends } = this.parts;
    const { source } = pair.definition;
    const excess = core.lastNumber - common;
    if (excess > 0)
      core.observer.event('excess-marked', `${excess} updates that ${source} does not have are to be copied over`, {
        common,
        excess,
      });
    // A pair that was never copied may not have fewer bits than all; one that is suspended may.
    core.pairs.changeState(pair, 'suspend', 'what differs is known by number', { agreedNumber: common });
    if (tracks) core.pairs.bitmap(key).narrowTo(tracks);
    core.pairs.changeState(pair, 'duplex-pending', 'differences by number', {
      formationBase: null,
      formedUnder: token.generation,
    });
    ends.at(key).destination.awaitCopy();
    return { common, bits: Buffer.from(core.pairs.bitmap(key).snapshot()).toString('base64') };
  }

  /**
   * Answers null where this end can go on from what it holds, else the number behind which the two differ. Throws
   * `RefusedError` where they may not, or nobody knows where. A sync pair says of both ends that they are equal.
   */
  private mustHold(
    { source, destination, kind }: PairDefinition,
    theirs: NonNullable<PairParams<'pair.create'>['source']>,
    mayDiffer: boolean,
  ): number | null {
    const { core } = this.parts;
    const { record, lastNumber, journal } = core;
    const resume = judgeResume(
      { ...theirs, system: source, journal: theirs },
      {
        system: destination,
        lineage: core.mutant('lineage-ignored') ? theirs.lineage : record.lineage,
        lastNumber,
        consistent: record.imageConsistent,
        evidenceLost: record.evidenceLost,
        journal,
      },
    );
    if (resume.kind === 'equal' || (resume.kind === 'delta' && kind === 'async')) return null;
    if (mayDiffer && resume.kind === 'differ') return resume.common;
    if (mayDiffer && resume.kind === 'delta') return lastNumber;
    const why = whyNotEqual(resume, destination);
    throw refuse(
      'not-equal',
      `${destination} cannot go on from what it holds: ${why}.`,
      'Create the pair with a copy.',
    );
  }

  private delete({ key, token }: PairParams<'pair.delete'>): { ok: true } {
    const { core, suspension } = this.parts;
    this.parts.admit(token);
    const pair = core.pairs.get(key);
    if (pair && isFlowing(pair.state)) suspension.suspend(key, 'instruction', 'deleted at the other end', null, false);
    core.pairs.remove(key, token.claimEpoch);
    return { ok: true };
  }

  private reverse({ key, source, kind, token }: PairParams<'pair.reverse'>): { ok: true } {
    this.parts.admit(token);
    const pair = this.parts.ends.mustFind(key);
    const wanted = { source, kind: kind ?? pair.definition.kind };
    if (!stands(pair, wanted) && !isSuspended(pair.state))
      throw this.wrongState(pair, 'Split the pair first (pair split).');
    this.parts.reconciler.flip(pair, wanted, token.claimEpoch);
    return { ok: true };
  }

  private split({ key, by, agreed, reason, token }: PairParams<'pair.split'>): { ok: true } {
    const { core, suspension } = this.parts;
    if (token) this.parts.admit(token);
    const pair = core.pairs.get(key);
    if (!pair) return { ok: true };
    const wasFlowing = isFlowing(pair.state);
    const isSource = core.pairs.isSource(pair);
    // A source that is told to split by its destination tells it in turn, once it has stopped.
    suspension.suspend(key, by, reason, agreed, isSource && token !== null);
    // What the source has told to be on its platter it holds too, however old its knowledge of this end is.
    const shared = Math.min(Math.max(agreed, core.pairs.peerDurable(key)), core.lastNumber);
    if (wasFlowing && !isSource) suspension.markExcess(key, shared);
    return { ok: true };
  }

  private drain({ key, target, deadlineMs, token }: PairParams<'pair.drain'>): { target: number } {
    const { core, drains } = this.parts;
    this.parts.admit(token);
    const pair = this.parts.ends.mustFind(key);
    if (!core.pairs.isSource(pair)) {
      if (target !== null) drains.expect(key, target, deadlineMs, 'drain');
      return { target: target ?? 0 };
    }
    if (pair.state !== 'duplex' && pair.state !== 'suspending')
      throw this.wrongState(pair, 'Resync the pair to duplex first.');
    return { target: drains.begin(key, deadlineMs, 'drain') };
  }

  private resync({ key, source, kind, token, leaveOwn }: PairParams<'pair.resync'>): z.infer<typeof resyncReply> {
    const { core, ends, formation, reconciler, suspension } = this.parts;
    this.parts.admit(token);
    const pair = ends.mustFind(key);
    const wanted = { source, kind: kind ?? pair.definition.kind };
    if (!stands(pair, wanted)) {
      if (token.claimEpoch <= pair.epoch || isFlowing(pair.state)) throw this.wrongState(pair, 'Reverse it first.');
      reconciler.flip(pair, wanted, token.claimEpoch);
    }
    formation.mayBeginAsDestination(key);
    if (isFlowing(pair.state)) suspension.suspend(key, 'fault', 'the source resyncs', null, false);
    if (pair.state === 'simplex') throw this.wrongState(pair, 'Start the initial copy (pair create).');
    if (leaveOwn && !core.own.leave(key, pair))
      core.observer.event(
        'own-updates-copied-over',
        'what this system wrote alone is not known for sure: all is copied',
        {
          key,
        },
      );
    core.pairs.changeState(pair, 'duplex-pending', 'resync', { formationBase: null, formedUnder: token.generation });
    ends.at(key).destination.awaitCopy();
    return {
      bits: Buffer.from(core.pairs.bitmap(key).snapshot()).toString('base64'),
      lastNumber: core.lastNumber,
      lineage: core.record.lineage,
    };
  }

  private open(params: PairParams<'pair.open'>): OpenReply {
    const { core, ends, formation, reconciler } = this.parts;
    const { key, session } = params;
    this.parts.learn(params.generation);
    const pair = core.pairs.get(key);
    const refusal = this.whyNotOpen(pair, params);
    if (refusal || !pair) {
      const { why, text } = refusal ?? { why: 'state' as const, text: 'there is no such pair' };
      return { opened: false, why, generation: core.record.generation, end: reconciler.view(key), text };
    }
    pair.session = Math.max(pair.session, session);
    if (pair.state === 'simplex') core.pairs.changeState(pair, 'initial-copying', 'initial copy');
    else core.save();
    formation.beginAtDestination(key, pair, params);
    const durable = Math.min(params.durableNumber, core.lastNumber);
    core.pairs.notePeer(key, core.pairs.peerAccepted(key), Math.max(core.pairs.peerDurable(key), durable));
    const reply: OpenReply = { opened: true, accepted: core.lastNumber, lineage: core.record.lineage };
    ends.at(key).destination.begin(session, params.formation?.tracks ?? 0, params.lastNumber);
    return reply;
  }

  private whyNotOpen(
    pair: PairRecord | null,
    params: PairParams<'pair.open'>,
  ): { why: 'stale-generation' | 'state' | 'busy'; text: string } | null {
    const { core } = this.parts;
    const { generation } = core.record;
    if (params.generation.number < generation.number)
      return { why: 'stale-generation', text: `generation ${generation.number} is the newest` };
    if (!pair || core.pairs.isSource(pair)) return { why: 'state', text: 'this is not the destination of that pair' };
    const awaitsCopy = isCopying(pair.state) || pair.state === 'simplex';
    const awaitsUpdates = pair.state === 'duplex' || pair.state === 'suspending';
    if (params.formation ? !awaitsCopy : !awaitsUpdates)
      return { why: 'state', text: `the pair is in ${pair.state} here` };
    const isNewCopy = params.formation !== null && params.formation.base !== pair.formationBase;
    const inTheWay = isNewCopy ? this.inTheWayOfCopy(params.key) : null;
    if (inTheWay !== null) return { why: 'state', text: inTheWay };
    if (params.session <= pair.session) return { why: 'busy', text: `session ${pair.session} is newer` };
    return null;
  }

  /** A pair may have begun to lead on from here since the copy was agreed upon. */
  private inTheWayOfCopy(key: string): string | null {
    try {
      this.parts.formation.mayBeginAsDestination(key);
      return null;
    } catch (error) {
      return refusalOf(error).message;
    }
  }

  private alone({ key, generation }: PairParams<'pair.alone'>): { ok: true } {
    const { core, suspension } = this.parts;
    const { record, config } = core;
    if (generation < record.generation.number)
      throw refuse(
        'stale-generation',
        `${config.system} is at generation ${record.generation.number}.`,
        'The sender has been replaced; it must not complete writes.',
      );
    const pair = this.parts.ends.mustFind(key);
    if (core.pairs.isSource(pair)) throw this.wrongState(pair, 'Only its source can go on alone.');
    if (isFlowing(pair.state)) suspension.suspend(key, 'fault', 'the source goes on alone', null, false);
    pair.aloneSeen = true;
    core.save();
    return { ok: true };
  }

  private async flush(): Promise<z.infer<typeof flushReply>> {
    const { core } = this.parts;
    await core.checkpoints.run();
    return { accepted: core.lastNumber, durable: core.checkpointNumber };
  }

  private wrongState(pair: PairRecord, cure: string): Error {
    const { source, destination } = pair.definition;
    const { system } = this.parts.core.config;
    return refuse('wrong-state', `At ${system} the pair ${pairName(source, destination)} is in ${pair.state}.`, cure);
  }
}

function whyNotEqual(resume: Exclude<Resume, { kind: 'equal' }>, destination: string): string {
  if (resume.kind === 'impossible') return resume.why;
  if (resume.kind === 'delta') return `${destination} lacks ${resume.updates} updates`;
  return `${destination} holds ${resume.excess} updates that are not of this history`;
}
