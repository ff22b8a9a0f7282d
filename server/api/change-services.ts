/** The changes of the API: commands for a worker, orders for runs. */
import { audit } from '../control/audit-log.ts';
import type { CommandClient } from '../control/command-queue.ts';
import type { CommandKind } from '../control/commands.ts';
import { type Database, databaseAway, isDatabaseAway } from '../control/database.ts';
import { readGroup } from '../control/groups.ts';
import { readRun, storeOrder } from '../control/runs/run-records.ts';
import type { StatusBoard } from '../control/status-board.ts';
import { plannedPair, plannedPairs } from '../domain/arrangement.ts';
import type { GroupStatus } from '../domain/group-status.ts';
import { pairName, parsePairName } from '../domain/names.ts';
import { RefusedError, refuse } from '../domain/refusal.ts';
import { findRoutine } from '../routines/find-routine.ts';
import { whyOrderRefused } from '../routines/order-rules.ts';
import type { ChangeServices } from './services.ts';

const DEFAULT_MS = 30_000;
/** A dead driver is replaced within seconds. */
const TAKEN_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 40;
/** Where the worker itself waits long for what it was asked. */
const TIMEOUT_MS: Partial<Record<CommandKind, number>> = {
  'group.create': 90_000,
  'group.delete': 90_000,
  'ledger.verify': 150_000,
};

/** Resolves once the order was taken; or after a bound, for its driver may just be being replaced and it is on record. */
async function whenTaken(database: Database, run: string, key: string): Promise<void> {
  const end = performance.now() + TAKEN_WITHIN_MS;
  while (performance.now() < end) {
    const order = await database.prisma.runOrder.findUnique({
      where: { run_key: { run, key } },
      select: { taken: true },
    });
    if (order?.taken) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A pair that the group does not have and cannot have is in no state that could be waited for. */
async function refuseUnknownPair(database: Database, status: GroupStatus, pair: string): Promise<void> {
  if (status.pairs.some((one) => one.name === pair)) return;
  const ends = parsePairName(pair);
  try {
    const { arrangement } = await readGroup(database, status.name);
    if (ends && plannedPair(arrangement, ends, null)) return;
    const names = plannedPairs(arrangement).map(({ source, destination }) => pairName(source, destination));
    throw refuse(
      'unknown-pair',
      `group ${status.name} can have no pair ${pair}`,
      `Name one of: ${[...new Set(names)].join(' ')}.`,
    );
  } catch (error) {
    throw isDatabaseAway(error) ? databaseAway() : error;
  }
}

export function makeChangeServices(database: Database, commands: CommandClient, board: StatusBoard): ChangeServices {
  return {
    command: async (kind, params, actor) => {
      const result = await commands.ask(kind, params, actor.name, TIMEOUT_MS[kind] ?? DEFAULT_MS);
      // It is done, whether or not the board can be told at once: the database tells it too.
      if (kind === 'group.create' || kind === 'group.delete') await board.groupsChanged().catch(() => {});
      return result;
    },

    order: async (id, order, key, actor) => {
      try {
        const { view } = await readRun(database, id);
        const { arrangement } = await readGroup(database, view.group);
        const hindrance = whyOrderRefused(findRoutine(arrangement.id, view.routine), view, order);
        if (hindrance) throw new RefusedError(hindrance);
        if (await storeOrder(database, id, key, order)) {
          await audit(database, {
            actor: actor.name,
            action: `run.${order.order}`,
            group: view.group,
            subject: id,
            outcome: 'done',
            after: order,
          });
        }
        // A run under way takes orders between two looks of its step; one that waits takes them at once, so it is waited for.
        if (view.status !== 'running') await whenTaken(database, id, key);
        return (await readRun(database, id)).view;
      } catch (error) {
        throw isDatabaseAway(error) ? databaseAway() : error;
      }
    },

    waitPair: async (group, pair, state, timeoutMs, signal) => {
      await refuseUnknownPair(database, await board.get(group), pair);
      const seen = async () => {
        const status = await board.get(group);
        // A pair that was deleted is in no list.
        return status.pairs.find((one) => one.name === pair)?.state ?? 'absent';
      };
      return new Promise((resolve, reject) => {
        const look = () => {
          seen().then(
            (now) => {
              if (now === state) end(() => resolve({ pair, state: now }));
            },
            (error) => end(() => reject(error)),
          );
        };
        const late = async () => {
          const now = await seen().catch(() => 'unknown');
          reject(
            refuse(
              'timeout',
              `${pair} of ${group} is in ${now}, not in ${state}, after ${timeoutMs / 1000} s`,
              'Look at what holds it up (status), then wait again.',
            ),
          );
        };
        const end = (settle: () => void) => {
          clearTimeout(timer);
          unhear();
          signal?.removeEventListener('abort', gone);
          settle();
        };
        const gone = () => end(() => reject(refuse('timeout', 'the asker went away', 'Ask again.')));
        const timer = setTimeout(() => end(() => void late()), timeoutMs);
        const unhear = board.onChange((groups) => {
          if (groups.has(group)) look();
        });
        signal?.addEventListener('abort', gone);
        look();
      });
    },
  };
}
