/** The installation's secret, by which lines, agents and the control plane prove themselves to each other. */
import { readFileSync } from 'node:fs';
import { refuse } from '../../domain/refusal.ts';

const SHORTEST = 16;

/** Reads the secret as the bytes that channels sign with: those of the file's text without the white space around it. */
export function readSecret(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw refuse(
      'unauthorised',
      `The secret ${file} cannot be read (${error instanceof Error ? error.message : String(error)}).`,
      'Start with npm start, which makes it, or copy it from the installation this machine belongs to.',
    );
  }
  if (text.length < SHORTEST)
    throw refuse(
      'unauthorised',
      `The secret in ${file} is too short.`,
      'Remove the file and start again, so that a new one is made.',
    );
  return new Uint8Array(Buffer.from(text, 'utf8'));
}
