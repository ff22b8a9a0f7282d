/** `the pair exists already` → `The pair exists already.` Refusals come as clauses, so that the command line can join them. */
export function sentence(clause: string | null): string {
  const text = clause?.trim() ?? '';
  if (text === '') return '';
  // A name keeps its own first letter: `host-P`, `nbd://…`, `P-I`.
  const first = /^[a-z]+(?![-/:\w])/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
