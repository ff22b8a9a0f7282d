/** How the faults screen orders its buttons. Pure. */
import type { FaultKind, FaultOption, LineFaultInput } from '../../server/api/views.ts';

export interface FaultTarget {
  target: string;
  options: FaultOption[];
}

export interface FaultSite {
  site: string;
  targets: FaultTarget[];
}

/** A site's own loss and return come first: they are what a drill begins with. */
const WHOLE: readonly FaultKind[] = ['site-loss', 'site-return'];

/** Options by site and target, in the order they came, whole sites first. */
export function groupOptions(options: readonly FaultOption[]): FaultSite[] {
  const sites: FaultSite[] = [];
  for (const option of [
    ...options.filter((each) => WHOLE.includes(each.kind)),
    ...options.filter((each) => !WHOLE.includes(each.kind)),
  ]) {
    let site = sites.find((each) => each.site === option.site);
    if (!site) {
      site = { site: option.site, targets: [] };
      sites.push(site);
    }
    const target = site.targets.find((each) => each.target === option.target);
    if (target) target.options.push(option);
    else site.targets.push({ target: option.target, options: [option] });
  }
  return sites;
}

/** These end many things at once, so they are asked for twice. */
export function wantsConfirmation(kind: FaultKind): boolean {
  return kind === 'site-loss';
}

export interface DegradeFields {
  delayMs: string;
  lossPercent: string;
  rateMib: string;
}

const MIB = 1024 * 1024;

/** What stands in the fields when they open. */
export function fieldsOf(conditions: LineFaultInput | undefined): DegradeFields {
  return {
    delayMs: conditions?.delayMs?.toString() ?? '',
    lossPercent: conditions?.loss === undefined ? '' : String(conditions.loss * 100),
    rateMib: conditions?.rateBytesPerSecond === undefined ? '' : String(conditions.rateBytesPerSecond / MIB),
  };
}

/** Conditions the fields describe; `empty` where they describe none, `invalid` where one is out of range. */
export function conditionsOf(fields: DegradeFields): LineFaultInput | 'empty' | 'invalid' {
  const given = (text: string) => text.trim() !== '';
  const delayMs = Number(fields.delayMs);
  const loss = Number(fields.lossPercent) / 100;
  const rate = Number(fields.rateMib) * MIB;
  if (given(fields.delayMs) && !(delayMs >= 0 && delayMs <= 60_000)) return 'invalid';
  if (given(fields.lossPercent) && !(loss >= 0 && loss <= 1)) return 'invalid';
  if (given(fields.rateMib) && !(rate >= 1)) return 'invalid';
  const conditions: LineFaultInput = {
    ...(given(fields.delayMs) ? { delayMs } : {}),
    ...(given(fields.lossPercent) ? { loss } : {}),
    ...(given(fields.rateMib) ? { rateBytesPerSecond: Math.round(rate) } : {}),
  };
  return Object.keys(conditions).length === 0 ? 'empty' : conditions;
}
