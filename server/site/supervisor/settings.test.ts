import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../domain/refusal.ts';
import { readSettings } from './settings.ts';

const read = (environment: Record<string, string>) => readSettings({ NODE_ENV: 'test', ...environment }, '/srv/clone');
const refusal = (environment: Record<string, string>) => {
  try {
    read(environment);
  } catch (error) {
    return refusalOf(error);
  }
  return null;
};

describe('readSettings', () => {
  it('has defaults that serve this machine only', () => {
    expect(read({})).toEqual({ dataFolder: '/srv/clone/.data', host: '127.0.0.1', port: 3000, databaseUrl: null });
  });

  it('takes what the operator sets', () => {
    expect(read({ SWITCHBACK_DATA: '/var/s', PORT: '0', DATABASE_URL: 'postgresql://x/y', HOST: '127.1.2.3' })).toEqual(
      {
        dataFolder: '/var/s',
        host: '127.1.2.3',
        port: 0,
        databaseUrl: 'postgresql://x/y',
      },
    );
  });

  it.each(['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.0.0.1.example.org', '128.0.0.1'])(
    'refuses to listen on %s while there is no password',
    (host) => {
      expect(refusal({ HOST: host })).toMatchObject({
        code: 'forbidden',
        cure: expect.stringContaining('SWITCHBACK_ADMIN_PASSWORD'),
      });
      expect(read({ HOST: host, SWITCHBACK_ADMIN_PASSWORD: 'long enough' }).host).toBe(host);
    },
  );

  it.each(['65536', '-1', '80a', '3e3', ' 80'])('refuses PORT=%s', (port) => {
    expect(refusal({ PORT: port })).toMatchObject({ code: 'bad-request', message: expect.stringContaining(port) });
  });
});
