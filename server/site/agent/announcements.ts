/**
 * Notices to the control plane. Each worker that has said hello gets every one. What must not be missed (a change of pair
 * state, an event for the history) waits while nobody listens; what is only a present view does not.
 */
import type { Channel } from '../../network/channel-types.ts';
import type { AgentNotices } from '../agent-protocol.ts';

/** Kept for the next listener at most; older ones give way, for the newest tell how things stand. */
const MAX_WAITING = 2000;
/** A listener that is so far behind gets no views until it has caught up; the next view tells it everything anyway. */
const SLOW_LISTENER_BYTES = 4 * 1024 * 1024;

interface Waiting {
  notice: keyof AgentNotices;
  params: unknown;
}

export class Announcements {
  private readonly listeners = new Set<Channel>();
  private waiting: Waiting[] = [];

  /** From now on `channel` hears of everything, what has waited first. */
  subscribe(channel: Channel): void {
    this.listeners.add(channel);
    for (const { notice, params } of this.waiting.splice(0)) channel.notify(notice, params);
  }

  unsubscribe(channel: Channel): void {
    this.listeners.delete(channel);
  }

  announce<N extends keyof AgentNotices>(notice: N, params: AgentNotices[N]): void {
    const view = notice === 'process.changed';
    let heard = false;
    for (const channel of this.listeners) {
      if (!channel.open) continue;
      heard = true;
      if (!view || channel.queuedBytes < SLOW_LISTENER_BYTES) channel.notify(notice, params);
    }
    if (heard || view) return;
    this.waiting.push({ notice, params });
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
  }
}
