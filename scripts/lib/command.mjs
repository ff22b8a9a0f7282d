// Runs a tool of the set-up and keeps its chatter back unless it fails.
import { spawn } from 'node:child_process';

/** The environment tools run in: no NODE_ENV (npm would leave out what the build needs), and no calls to anybody's statistics. */
export function toolEnvironment(environment = process.env) {
  const { NODE_ENV: _unwanted, ...rest } = environment;
  return { ...rest, NEXT_TELEMETRY_DISABLED: '1', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
}

/** While a tool runs, a signal for us is a signal for the tool, and we end with it: nothing goes on behind our back. */
function endTogether(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => {
    child.kill(signal);
    child.once('close', () => process.exit(1));
  };
  for (const signal of signals) process.on(signal, forward);
  child.once('close', () => {
    for (const signal of signals) process.off(signal, forward);
  });
}

/**
 * Runs a command to its end. Rejects, with the last of what it printed, when it fails or was killed.
 * @param {string} title words for the message
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string }} options
 * @returns {Promise<string>} what it printed on both streams
 */
export function runQuietly(title, command, args, { cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: toolEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    endTogether(child);
    let output = '';
    const collect = (bytes) => {
      output += bytes;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => reject(new Error(`${title}: ${command} cannot be started: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${title} failed (${signal ?? `status ${code}`}):\n${output.trim().slice(-8000)}`));
    });
  });
}

/**
 * Runs a command, its output going straight through or into an open file, and answers its exit status (signals count as 1).
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: Record<string, string>, output?: 'inherit' | number }} options
 * @returns {Promise<number>}
 */
export function runOpenly(command, args, { cwd, env = {}, output = 'inherit' }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...toolEnvironment(), ...env },
      stdio: ['ignore', output, output],
    });
    endTogether(child);
    child.once('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
    child.once('close', (code) => resolve(code ?? 1));
  });
}
