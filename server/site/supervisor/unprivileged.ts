import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { refuse } from '../../domain/refusal.ts';

/** The user "nobody" of Linux. */
const NOBODY = '65534';

/** A way to run a program that refuses to be root, when this process is. */
export interface UnprivilegedWay {
  /** Command and arguments that run the given ones. */
  wrap(command: string, args: string[]): { command: string; args: string[] };
  /** Hands a file or folder to whoever the program runs as. */
  handOver(file: string): void;
}

const AS_WE_ARE: UnprivilegedWay = { wrap: (command, args) => ({ command, args }), handOver: () => {} };

/** A user namespace in which root is called nobody: nothing changes hands, so folders stay closed to everybody else. */
const RENAMED: UnprivilegedWay = {
  wrap: (command, args) => ({
    command: 'unshare',
    args: ['--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--', command, ...args],
  }),
  handOver: () => {},
};

/** Truly becomes nobody, where containers forbid user namespaces. Then its folders must be its own, and reachable. */
const AS_NOBODY: UnprivilegedWay = {
  wrap: (command, args) => ({ command: 'setpriv', args: [...NOBODY_OPTIONS, command, ...args] }),
  handOver: (file) => {
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, file]);
    // Others may pass through our own folder, though not list it; what lies in it is closed one by one.
    chmodSync(path.dirname(file), 0o711);
  },
};
const NOBODY_OPTIONS = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];

/**
 * How to run `program` on a folder inside `dataFolder` when it must not be root. Throws a `RefusedError` where this
 * process is root and the machine offers no way.
 */
export function unprivilegedWay(program: string, dataFolder: string): UnprivilegedWay {
  if (process.getuid?.() !== 0) return AS_WE_ARE;
  if (works(RENAMED, 'true', [])) return RENAMED;
  // The data folder itself is opened when something in it is handed over.
  const above = path.dirname(dataFolder);
  if (works(AS_NOBODY, 'test', ['-x', program]) && works(AS_NOBODY, 'test', ['-x', above])) return AS_NOBODY;
  throw refuse(
    'forbidden',
    `PostgreSQL refuses to run as root, this machine allows no user namespaces, and the user nobody cannot reach ${above} or ${program}.`,
    'Start as an ordinary user, or clone to a folder that others may enter (chmod o+x), or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function works(way: UnprivilegedWay, command: string, args: string[]): boolean {
  const wrapped = way.wrap(command, args);
  return spawnSync(wrapped.command, wrapped.args, { stdio: 'ignore' }).status === 0;
}
