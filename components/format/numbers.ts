/** Numbers as an operator reads them: grouped, with a binary unit, never with invented precision. */

const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** What stands where nothing is known. */
export const NOTHING = '—';

/** `184220` → `184,220`; null → `—`. */
export function formatCount(value: number | null): string {
  return value === null || !Number.isFinite(value) ? NOTHING : GROUPED.format(value);
}

/** `53248` → `52 KiB`. One decimal below ten, none above, except where it is exact. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return NOTHING;
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 10 || Number.isInteger(value) ? 0 : 1;
  const rounded = value.toFixed(digits);
  return `${bytes < 0 ? '-' : ''}${digits === 0 ? GROUPED.format(Number(rounded)) : rounded} ${UNITS[unit]}`;
}

/** `100663296` → `96 MiB/s`; null → `—`. */
export function formatRate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? NOTHING : `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.379` → `38 %`. Below one in a hundred but not nothing reads `< 1 %`, and 100 % is said only when it is whole. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return NOTHING;
  const bounded = Math.min(1, Math.max(0, share));
  if (bounded > 0 && bounded < 0.01) return '< 1 %';
  return `${bounded < 1 ? Math.floor(bounded * 100) : 100} %`;
}

/** Share of `part` in `whole`, 0…1; null where the whole is nothing or either is not known. */
export function shareOf(part: number | null | undefined, whole: number | null | undefined): number | null {
  if (part === null || part === undefined || !whole) return null;
  return Math.min(1, Math.max(0, part / whole));
}
