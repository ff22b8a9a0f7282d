/** Seals a bundle: every file hashed, the manifest written and signed. From then on nothing in it can change unnoticed. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  // Begun and not ended, a seal leaves these; sealed with the rest, they would be missing ever after.
  for (const seal of [SIGNATURE_FILE, MANIFEST_FILE]) rmSync(asideOf(path.join(folder, seal)), { force: true });
  const manifest: Manifest = { ...facts, format: 1, publicKey: key.publicKey, files: hashFolder(folder) };
  const text = textOfManifest(manifest);
  writeSafely(path.join(folder, SIGNATURE_FILE), signatureOf(text, key));
  // Last: a bundle that has a manifest is sealed.
  writeSafely(path.join(folder, MANIFEST_FILE), text);
  return { manifest, sha256: sha256Of(text) };
}

function signatureOf(text: string, { privateKey }: SigningKey): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' });
  return signatureText(sign(null, Buffer.from(text), key));
}

/**
 * Was `text` signed with the key that belongs to `publicKey`? False for whatever is no key or no signature, too, and for a
 * signature that is written in another way than here: base64 can say one thing in many ways, and each byte of a bundle counts.
 */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
    const bytes = Buffer.from(signature, 'base64');
    return signature === signatureText(bytes) && verify(null, Buffer.from(text), key, bytes);
  } catch {
    return false;
  }
}

const signatureText = (bytes: Buffer) => `${bytes.toString('base64')}\n`;
const asideOf = (file: string) => `${file}.new`;

function writeSafely(file: string, text: string): void {
  const aside = asideOf(file);
  const handle = openSync(aside, 'w', 0o644);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(aside, file);
}
