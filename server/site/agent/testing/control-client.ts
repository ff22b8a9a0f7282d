/** A control plane's end of the channel to a site agent. Keeps everything it is told, and lets a test wait for what it wants to see. */
import type { Ports } from '../../../domain/ports.ts';
import { refuse } from '../../../domain/refusal.ts';
import { Link } from '../../../network/link.ts';
import type { AgentMethods, AgentNotices, ProcessView } from '../../agent-protocol.ts';

interface Waiter {
  check(): boolean;
  resolve(): void;
}

export class ControlClient {
  readonly views = new Map<string, ProcessView>();
  readonly events: AgentNotices['process.event'][] = [];
  readonly transitions: AgentNotices['pair.transition'][] = [];
  private readonly link: Link;
  private greeted = 0;
  private waiters: Waiter[] = [];

  constructor(ports: Ports, secret: Uint8Array, site: string, address: string) {
    const handle = async (): Promise<never> => {
      throw refuse('bad-request', 'the control plane answers nothing', 'Send a notice.');
    };
    this.link = new Link(
      ports.network,
      { ports, secret, self: { group: '', name: 'control:test' }, handle },
      { peer: `agent:${site}`, paths: 1, address, redialMs: 20, maxRedialMs: 100 },
    );
    this.link.onUp = () => void this.greet();
    this.link.onDown = () => this.look();
    this.link.onNotice = (method, params) => this.noticed(method, params);
    this.link.start();
  }

  /** Calls once the agent has said hello. */
  async call<M extends keyof AgentMethods>(
    method: M,
    params: AgentMethods[M]['params'],
    timeoutMs = 60_000,
  ): Promise<AgentMethods[M]['result']> {
    await this.until(() => this.link.up && this.greeted === this.link.epoch);
    return (await this.link.call(method, params, timeoutMs)) as AgentMethods[M]['result'];
  }

  /** Calls with anything at all, as a stranger to the protocol might. */
  async callRaw(method: string, params: unknown): Promise<unknown> {
    await this.until(() => this.link.up);
    return this.link.call(method, params, 60_000);
  }

  /** Resolves once the process's view is as wanted. */
  async view(process: string, wanted: (view: ProcessView) => boolean): Promise<ProcessView> {
    const now = (): ProcessView | undefined => this.views.get(process);
    await this.until(() => {
      const view = now();
      return view !== undefined && wanted(view);
    });
    const view = now();
    if (!view) throw new Error(`no view of ${process}`);
    return view;
  }

  /** Resolves when `check` holds; looked at after every notice and every greeting. */
  until(check: () => boolean): Promise<void> {
    if (check()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ check, resolve }));
  }

  /** Resolves when the channel to the agent is noticed to be gone. */
  gone(): Promise<void> {
    return this.until(() => !this.link.up);
  }

  close(): void {
    this.link.stop();
  }

  private async greet(): Promise<void> {
    const { epoch } = this.link;
    try {
      const hello = (await this.link.call(
        'agent.hello',
        { control: 'test' },
        60_000,
      )) as AgentMethods['agent.hello']['result'];
      for (const view of hello.processes) this.views.set(view.name, view);
      this.greeted = epoch;
      this.look();
    } catch {
      // The link was lost meanwhile; the next one greets again.
    }
  }

  private noticed(method: string, params: unknown): void {
    if (method === 'process.changed') {
      const view = params as ProcessView;
      this.views.set(view.name, view);
    } else if (method === 'process.event') {
      this.events.push(params as AgentNotices['process.event']);
    } else {
      this.transitions.push(params as AgentNotices['pair.transition']);
    }
    this.look();
  }

  private look(): void {
    const due = this.waiters.filter((waiter) => waiter.check());
    this.waiters = this.waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }
}
