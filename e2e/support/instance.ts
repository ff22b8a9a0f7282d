/** The instance under test. playwright.config.ts starts it, and says through the environment where it is. */
import { makeClient } from '../../server/cli/client.ts';

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: playwright.config.ts sets it`);
  return value;
}

export const instancePort = Number(fromEnvironment('SWITCHBACK_E2E_PORT'));
export const instanceUrl = `http://127.0.0.1:${instancePort}`;
export const dataFolder = fromEnvironment('SWITCHBACK_E2E_DATA');

/** The same procedures that the screens call, typed as they are. */
export const api = makeClient(instanceUrl, undefined);
