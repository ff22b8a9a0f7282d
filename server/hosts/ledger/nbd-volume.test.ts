import { describe, expect, it } from 'vitest';
import { NBD_ERRNO } from '../../nbd/protocol.ts';
import { exportsOf } from '../../nbd/test-support/file-export.ts';
import { MemoryExport } from '../../nbd/test-support/memory-export.ts';
import { ADDRESS, type Serving, serve } from '../../nbd/test-support/serving.ts';
import { attachNbdVolume } from './nbd-volume.ts';
import type { LedgerVolume } from './volume.ts';

const NAME = 'demo/P/0';

async function attached(serving: Serving, name = NAME): Promise<LedgerVolume> {
  const volume = attachNbdVolume(serving, ADDRESS, name);
  volume.catch(() => {});
  await serving.network.run();
  return volume;
}

/** The code a request fails with, or `done`, once the network has run. */
async function outcome(serving: Serving, request: Promise<unknown>): Promise<string> {
  const code = request.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'unknown',
  );
  await serving.network.run();
  return code;
}

describe('the ledger’s volume over NBD', () => {
  it('reads what was written', async () => {
    const serving = await serve(exportsOf(new MemoryExport(NAME, 1_048_576)));
    const volume = await attached(serving);
    expect(volume).toMatchObject({ sizeBytes: 1_048_576, readOnly: false });
    expect(await outcome(serving, volume.write(8192, new Uint8Array(4096).fill(7)))).toBe('done');
    const read = volume.read(8190, 4);
    await serving.network.run();
    expect(await read).toEqual(Uint8Array.of(0, 0, 7, 7));
  });

  it.each([
    ['EPERM', NBD_ERRNO.EPERM],
    ['EIO', NBD_ERRNO.EIO],
    ['ENOSPC', NBD_ERRNO.ENOSPC],
    ['LOST', NBD_ERRNO.ESHUTDOWN],
    ['EREFUSED', NBD_ERRNO.EINVAL],
  ] as const)('tells a refused write as %s', async (code, errno) => {
    const exported = new MemoryExport(NAME, 1_048_576);
    const serving = await serve(exportsOf(exported));
    const volume = await attached(serving);
    exported.errno = errno;
    expect(await outcome(serving, volume.write(0, new Uint8Array(4096)))).toBe(code);
  });

  it('says that it is read-only, and why an export cannot be attached', async () => {
    const exported = new MemoryExport(NAME, 1_048_576);
    exported.readOnly = true;
    const serving = await serve(exportsOf(exported));
    expect(await attached(serving)).toMatchObject({ readOnly: true });
    expect(await outcome(serving, attachNbdVolume(serving, ADDRESS, 'demo/P/9'))).toBe('LOST');
    await expect(attached(serving, 'demo/P/9')).rejects.toThrow('no export is named');
  });

  it('fails at once, and for good, what is unanswered when it is closed', async () => {
    const exported = new MemoryExport(NAME, 1_048_576);
    exported.immediate = false;
    const serving = await serve(exportsOf(exported));
    const volume = await attached(serving);
    let lost = 0;
    volume.onLost = () => {
      lost += 1;
    };
    const write = outcome(serving, volume.write(0, new Uint8Array(4096)));
    await serving.network.run();
    volume.close();
    expect(await write).toBe('LOST');
    for (const complete of exported.waiting.splice(0)) complete();
    await serving.network.run();
    expect(await outcome(serving, volume.write(0, new Uint8Array(4096)))).toBe('LOST');
    expect(lost).toBe(0);
    expect(serving.server.clientCount()).toBe(0);
  });

  it('tells once that the connection ended by itself', async () => {
    const serving = await serve(exportsOf(new MemoryExport(NAME, 1_048_576)));
    const volume = await attached(serving);
    const reasons: string[] = [];
    volume.onLost = (reason) => reasons.push(reason);
    serving.server.close();
    await serving.network.run();
    expect(reasons).toHaveLength(1);
    expect(await outcome(serving, volume.read(0, 4096))).toBe('LOST');
    volume.close();
  });
});
