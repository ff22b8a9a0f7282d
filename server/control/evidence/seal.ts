/** Seals a bundle: every file hashed, the manifest written and signed. From then on nothing in it can change unnoticed. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import {
  MANIFEST_FILE,
  type Manifest,
  SIGNATURE_FILE,
  sha256Of,
  textOfManifest,
} from '../../domain/evidence/manifest.ts';
import { hashFolder } from './bundle-files.ts';

/** Ed25519; both halves base64, SPKI and PKCS#8. */
export interface SigningKey {
  publicKey: string;
  privateKey: string;
}

export function newSigningKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

/**
 * Seals the folder. Sealing again what was not sealed to its end is harmless. Answers the manifest and the hash that the
 * group's next bundle refers to.
 */
export function sealBundle(
  folder: string,
  facts: Omit<Manifest, 'format' | 'files' | 'publicKey'>,
  key: SigningKey,
): { manifest: Manifest; sha256: string } {
  const manifest: Manifest = { ...facts, format: 1, publicKey: key.publicKey, files: hashFolder(folder) };
  const text = textOfManifest(manifest);
  writeSafely(path.join(folder, SIGNATURE_FILE), `${signatureOf(text, key)}\n`);
  // Last: a bundle that has a manifest is sealed.
  writeSafely(path.join(folder, MANIFEST_FILE), text);
  return { manifest, sha256: sha256Of(text) };
}

function signatureOf(text: string, { privateKey }: SigningKey): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' });
  return sign(null, Buffer.from(text), key).toString('base64');
}

/** Was `text` signed with the key that belongs to `publicKey`? False for whatever is no key or no signature, too. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    return verify(null, Buffer.from(text), key, Buffer.from(signature.trim(), 'base64'));
  } catch {
    return false;
  }
}

function writeSafely(file: string, text: string): void {
  const aside = `${file}.new`;
  const handle = openSync(aside, 'w', 0o644);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(aside, file);
}
