/** The `switchback` command as a script would call it: a process, its exit code, its output. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect } from '@playwright/test';
import { instanceUrl } from './instance.ts';

export const repositoryRoot = path.join(import.meta.dirname, '..', '..');

export interface CliAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one value on standard output; undefined where it is not JSON. */
  json: unknown;
}

/** Runs `switchback <words> --json` to its end. */
export function switchback(...words: string[]): Promise<CliAnswer> {
  return command([...words, '--json']);
}

/** Runs `switchback <words>` as they stand. `environment` replaces single variables. */
export function command(words: string[], environment: Record<string, string> = {}): Promise<CliAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(repositoryRoot, 'scripts', 'switchback.mjs'), ...words], {
      cwd: repositoryRoot,
      env: { ...process.env, SWITCHBACK_URL: instanceUrl, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr, json: parsed(stdout) }));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs a command that is to succeed, and answers its value. `T`: what the contract says it prints. */
export async function done<T>(...words: string[]): Promise<T> {
  const answer = await switchback(...words);
  expect(answer.code, `switchback ${words.join(' ')}: ${answer.stdout}${answer.stderr}`).toBe(0);
  // Shapes are the affair of the contract's own spec; here they are taken at their word.
  return answer.json as T;
}

/** Runs a command that is to be refused, and answers why. */
export async function refused(...words: string[]): Promise<{ code: string; message: string; cure: string }> {
  const answer = await switchback(...words);
  expect(answer.code, `switchback ${words.join(' ')}: ${answer.stdout}${answer.stderr}`).toBe(1);
  const { error } = answer.json as { error?: { code: string; message: string; cure: string } };
  expect(error).toEqual({ code: expect.any(String), message: expect.any(String), cure: expect.any(String) });
  // The line above has just proven it.
  return error as { code: string; message: string; cure: string };
}
