/** The monitoring host's process: heartbeats and the register of one group (003 §[0059]; 1b rule 1). */
import { HEARTBEAT } from '../../domain/expectation.ts';
import { Witness } from '../../hosts/witness.ts';
import { runChild } from './child-process.ts';

runChild('witness', async ({ config, arrangement, ports, reporter }) => {
  const witness = new Witness(ports, {
    group: config.group,
    firstHolder: arrangement.normal.holder,
    systems: arrangement.systems.map(({ name }) => name),
    hosts: arrangement.hosts.map(({ name }) => name),
    lostAfterMs: HEARTBEAT.lostAfterMs,
  });
  return {
    facts: () => ({ witness: witness.facts() }),
    handle: async (method, params, from) => {
      const reply = await witness.handle(method, params, from);
      // Heartbeats come every second from everybody, and the facts go out as often anyway.
      if (!isHeartbeat(params)) reporter.changed();
      return reply;
    },
    configure: () => {},
    serve: async () => null,
    stop: async () => {},
  };
});

function isHeartbeat(params: unknown): boolean {
  return typeof params === 'object' && params !== null && 'verb' in params && params.verb === 'heartbeat';
}
