/** A switching device's process: it passes on the lines that end at its site (003 §[0124]). */
import { onwardFrom } from '../../domain/ways.ts';
import { SwitchingDevice } from '../../network/switching-device.ts';
import { runChild } from './child-process.ts';
import { listenWhereBefore } from './listen.ts';

runChild('switch', async ({ config, arrangement, ports, neighbours }) => {
  const device = new SwitchingDevice(ports, config.process, {
    onward: (recipient) => {
      const onward = onwardFrom(arrangement, config.process, recipient);
      if (!onward) return null;
      const { neighbour, isLast } = onward;
      const address = isLast ? neighbours.channelAddressOf(neighbour) : neighbours.lineAddressOf(neighbour);
      return address === null ? null : { neighbour, address, isLast };
    },
    direction: (neighbour) => neighbours.direction(neighbour),
  });
  return {
    facts: () => ({ switch: { device: config.process, streams: device.streams, relayedBytes: device.relayedBytes } }),
    handle: async () => ({}),
    configure: () => {},
    serve: (before) => listenWhereBefore((address) => device.listen(address), config.listenHost, before),
    stop: async () => device.close(),
  };
});
