/** Whether a row of the screen says something: as whole words, and not the contrary of it. */

const NEGATION = /\b(not|no|never|nor|without)\s+$/i;
const WORD = /[\p{L}\p{N}]/u;

/** `connected` is said by “line up, connected”, and neither by “not connected” nor by “disconnected”. Case counts. */
export function says(seen: string, phrase: string): boolean {
  // Nothing stands everywhere, and there is no end to looking for it.
  if (phrase === '') return false;
  for (let at = seen.indexOf(phrase); at >= 0; at = seen.indexOf(phrase, at + 1)) {
    const [before, after] = [seen.slice(0, at), seen.slice(at + phrase.length)];
    const isWhole = !WORD.test(before.slice(-1)) && !WORD.test(after.slice(0, 1));
    if (isWhole && !NEGATION.test(before)) return true;
  }
  return false;
}
