/**
 * The manifest of a bundle of evidence: every file of one recorded drill with its SHA-256, tied to the bundle that the group
 * sealed before. Whoever changes, drops or exchanges a byte of a bundle, or a bundle of a chain, no longer agrees with it.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { refuse } from '../refusal.ts';

/** How a drill ended. Every ending is sealed; `incomplete`: nobody was left to say how it would have ended. */
export const DRILL_OUTCOMES = ['passed', 'failed', 'aborted', 'incomplete'] as const;
export type DrillOutcome = (typeof DRILL_OUTCOMES)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Relative, forward slashes, nothing that leads out of the bundle. */
const bundlePath = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/);

export const sealedFileSchema = z.strictObject({ path: bundlePath, bytes: z.number().int().min(0), sha256 });
export type SealedFile = z.infer<typeof sealedFileSchema>;

export const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Name of the bundle, and of its folder: `demo-0007-site-loss`. */
  bundle: z.string().regex(/^[a-z0-9-]{1,120}$/),
  group: z.string().min(1),
  /** Place in the group’s chain, from 1. */
  sequence: z.number().int().min(1),
  /** The bundle sealed before it in this group; null for the first. `sha256` is that of its manifest. */
  previous: z.strictObject({ bundle: z.string(), sha256 }).nullable(),
  runbook: z.string().min(1),
  outcome: z.enum(DRILL_OUTCOMES),
  /** Milliseconds since 1970, by the clock of the control plane. */
  sealedAt: z.number().int(),
  /** Ed25519, SubjectPublicKeyInfo, base64. */
  publicKey: z.string().min(1),
  /** In the order of their paths. */
  files: z.array(sealedFileSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Names of what seals the rest, and is therefore not sealed itself. */
export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'manifest.sig';

/** The bytes that are signed and hashed: one manifest has one text. */
export function textOfManifest(manifest: Manifest): string {
  const files = [...manifest.files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const { format, bundle, group, sequence, previous, runbook, outcome, sealedAt, publicKey } = manifest;
  const fields = { format, bundle, group, sequence, previous, runbook, outcome, sealedAt, publicKey, files };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** Refuses with `bad-request` what is no manifest, by name of the field. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON');
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unreadable(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

function unreadable(why: string) {
  return refuse(
    'bad-request',
    `${MANIFEST_FILE} is no manifest of a bundle: ${why}.`,
    'Take the bundle from the place where it was sealed, or from its archive.',
  );
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
