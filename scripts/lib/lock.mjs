// A lock between processes that dies with its owner. It is a listening socket: whoever listens holds it, and the kernel takes the name
// away from a dead process, however it died. A waiter holds a connection, so that it is woken by the release and not by a timer.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Linux has socket names outside the file system, which vanish with their owner. Elsewhere the name is a file in the temporary folder; a
 * dead owner's file is found by a refused connection and removed. (Two processes that find it in the same instant may both remove it;
 * that takes a crash and two simultaneous starts, and only on such systems.)
 */
function socketName(key) {
  const name = `switchback-${process.getuid?.() ?? 0}-${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
  return process.platform === 'linux' ? `\0${name}` : path.join(tmpdir(), `${name}.lock`);
}

/**
 * Tries once. Returns the held lock, or `null` where another process holds it.
 * @param {string} key what is locked, e.g. `setup /path/of/clone`
 * @param {() => unknown} [owner] asked at each knock; what it returns is told to whoever knocks, as JSON
 * @returns {Promise<{ release: () => Promise<void> } | null>}
 */
export function tryLock(key, owner = () => ({ pid: process.pid })) {
  const name = socketName(key);
  return new Promise((resolve, reject) => {
    const waiters = new Set();
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => waiters.delete(socket));
      socket.write(`${JSON.stringify(owner())}\n`);
    });
    const release = () =>
      new Promise((released) => {
        server.close(() => released());
        for (const socket of waiters) socket.destroy();
      });
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    // The lock alone must not keep a finished process alive.
    server.listen(name, () => resolve({ release })).unref();
  });
}

/**
 * Knocks at a held lock. `told` is what its owner says, or `null` where nobody holds it (any more); `gone` settles when the owner has
 * released the lock or died.
 * @param {string} key
 * @returns {Promise<{ told: unknown, gone: Promise<void>, leave: () => void }>}
 */
export function knock(key) {
  const name = socketName(key);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(name);
    const gone = new Promise((done) => socket.once('close', () => done()));
    const leave = () => socket.destroy();
    socket.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && !name.startsWith('\0')) rmSync(name, { force: true });
    });
    socket.on('data', (bytes) => {
      text += bytes;
      if (text.endsWith('\n')) resolve({ told: JSON.parse(text), gone, leave });
    });
    socket.once('close', () => resolve({ told: null, gone, leave }));
  });
}

/**
 * Runs `work` while holding the lock, after waiting for as long as another live process holds it.
 * @template T
 * @param {string} key
 * @param {(owner: unknown) => void} onWait called once with what the owner says, when there is something to wait for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(key, onWait, work) {
  let told = false;
  for (;;) {
    const lock = await tryLock(key);
    if (lock !== null) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    const owner = await knock(key);
    if (!told && owner.told !== null) {
      told = true;
      onWait(owner.told);
    }
    await owner.gone;
  }
}
