// An installation of the nightly's own, beside any that may be running.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

const READY = /^switchback ready (http:\/\/\S+)$/m;
const LOOK_EVERY_MS = 500;

/**
 * Starts it as `npm start` does, on a port that is free, and resolves once it says that it is ready.
 * @param {{ root: string, data: string, say: (line: string) => void }} options `data` exists already
 * @returns {Promise<{ url: string, pid: number, stop: () => Promise<void> }>}
 */
export async function startInstance({ root, data, say }) {
  const log = path.join(data, 'nightly.log');
  const output = openSync(log, 'w');
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'start.mjs')], {
    cwd: root,
    env: { ...process.env, PORT: '0', SWITCHBACK_DATA: data },
    stdio: ['ignore', output, output],
    // Whoever stops the nightly stops it here, in order; the installation is not to hear the terminal by itself.
    detached: true,
  });
  closeSync(output);
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(`ended (${code ?? signal})`));
    child.once('error', (error) => resolve(error.message));
  });
  const stop = async () => {
    // Waited for again, or this process would end first, and without a word.
    child.ref();
    child.kill('SIGTERM');
    await exited;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, async () => {
      say(`${signal}: the installation is stopped`);
      await stop();
      process.exit(1);
    });
  say(`An installation of its own is started in ${data}`);
  let end = null;
  exited.then((how) => {
    end = how;
  });
  for (;;) {
    const said = readFileSync(log, 'utf8');
    const url = READY.exec(said)?.[1];
    if (url) {
      child.unref();
      return { url, pid: child.pid, stop };
    }
    if (end !== null) throw new Error(`The installation ${end} before it was ready:\n${said.slice(-4_000)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
