/** What a process tells the agent of its site, over the channel on which the agent has called. */
import type { Ports } from '../../domain/ports.ts';
import type { Channel } from '../../network/channel-types.ts';
import type { ChildNotices, ProcessFacts } from './child-protocol.ts';
import { NoticeThrottle } from './notice-throttle.ts';

/** Changes are told soon; without any, a word so often keeps what is known from counting as stale. */
const FACTS_BOUNDS = { minGapMs: 100, maxGapMs: 2000 };
/** Kept for an agent that is away at most; older ones give way. */
const MAX_WAITING = 1000;

type Kept = 'transition' | 'event';

export class Reporter {
  private agent: Channel | null = null;
  private readonly waiting: { notice: Kept; params: ChildNotices[Kept] }[] = [];
  private readonly throttle: NoticeThrottle;

  constructor(
    private readonly ports: Pick<Ports, 'clock'>,
    private readonly facts: () => ProcessFacts,
  ) {
    this.throttle = new NoticeThrottle(ports.clock, FACTS_BOUNDS, () => this.pushFacts());
  }

  /**
   * The agent on this channel has handed over the settings, and so knows whom it talks to: from now on it is told. What
   * has waited comes first. An earlier channel gives way, for there is one agent per site.
   */
  attach(agent: Channel): void {
    if (this.agent === agent) return;
    const before = this.agent;
    this.agent = agent;
    before?.close('the agent has called anew');
    agent.onClose = () => {
      if (this.agent === agent) this.agent = null;
    };
    for (const { notice, params } of this.waiting.splice(0)) agent.notify(notice, params);
    this.pushFacts();
  }

  /** Something the facts show may have changed. Cheap; called often. */
  changed(): void {
    this.throttle.touch();
  }

  transition(change: ChildNotices['transition']): void {
    this.keepOrSend('transition', change);
    this.changed();
  }

  event(kind: string, text: string, facts: Record<string, unknown>): void {
    this.keepOrSend('event', { at: this.ports.clock.now(), kind, text, facts });
  }

  stop(): void {
    this.throttle.stop();
  }

  private keepOrSend<N extends Kept>(notice: N, params: ChildNotices[N]): void {
    if (this.agent?.open) {
      this.agent.notify(notice, params);
      return;
    }
    this.waiting.push({ notice, params });
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }

  private pushFacts(): void {
    if (this.agent?.open)
      this.agent.notify('facts', { facts: this.facts(), at: this.ports.clock.now() } satisfies ChildNotices['facts']);
  }
}
