/** What is said of the data before the work is restarted elsewhere (spec: The verdict; 1b rules 1–7). */

export type LossBound = 'exact' | 'at-least' | 'at-most';

export interface Loss {
  updates: number;
  bytes: number;
  seconds: number;
  /** Of `updates`, and of the others where they name none of their own. */
  bound: LossBound;
  bytesBound?: LossBound;
  secondsBound?: LossBound;
}

export interface Verdict {
  kind: 'no-data-loss' | 'data-loss' | 'unknown';
  /** Present for `data-loss`, and for `unknown` as the lower bound known so far. For `no-data-loss` all zero and exact. */
  lost: Loss;
  /** Sentences, each a fact with its observer: what the verdict rests on. */
  evidence: string[];
  /** For `unknown`: what is missing. */
  missing: string[];
  /** For `unknown`: what would supply it. */
  toSettle: string[];
  /** Is P proven unable to complete a write? Where not, takeover is a typed decision (two writers possible). */
  fenced: boolean;
  /** Number the survivor holds, under which generation. */
  survivorNumber: number;
  /** The operator's word, where the takeover rests on it. */
  attestation: { by: string; text: string; destroyedAt: number } | null;
}
