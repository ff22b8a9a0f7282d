import { describe, expect, test } from 'vitest';
import { readAgentSettings } from './agent-settings.ts';

const good = {
  SWITCHBACK_SITE: 'remote',
  SWITCHBACK_AGENTS: '{"remote":"127.0.0.1:7001","witness":"127.0.0.1:7002"}',
  SWITCHBACK_DATA: '/data',
  SWITCHBACK_SECRET_FILE: '/data/secret',
};

describe('settings of an agent', () => {
  test('are read from the environment', () => {
    expect(readAgentSettings({ ...good, NODE_ENV: 'test' })).toEqual({
      site: 'remote',
      address: '127.0.0.1:7001',
      listenHost: '127.0.0.1',
      dataFolder: '/data',
      secretFile: '/data/secret',
    });
  });

  test.each<[string, Record<string, string | undefined>, string, RegExp]>([
    ['no site', { SWITCHBACK_SITE: undefined }, 'bad-request', /SWITCHBACK_SITE/],
    ['an unknown site', { SWITCHBACK_SITE: 'moon' }, 'bad-request', /SWITCHBACK_SITE/],
    [
      'addresses that are not JSON',
      { SWITCHBACK_AGENTS: 'remote=1' },
      'bad-request',
      /SWITCHBACK_AGENTS: must be JSON/,
    ],
    ['an address without a port', { SWITCHBACK_AGENTS: '{"remote":"127.0.0.1"}' }, 'bad-request', /host:port/],
    ['no address for the site', { SWITCHBACK_SITE: 'production' }, 'bad-request', /no address for site production/],
    ['an address others can reach', { SWITCHBACK_AGENTS: '{"remote":"0.0.0.0:7001"}' }, 'forbidden', /0\.0\.0\.0/],
  ])('%s is refused', (_title, change, code, message) => {
    expect(() => readAgentSettings({ ...good, ...change, NODE_ENV: 'test' })).toThrow(
      expect.objectContaining({ refusal: expect.objectContaining({ code, message: expect.stringMatching(message) }) }),
    );
  });
});
