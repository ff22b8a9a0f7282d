import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

/** The size names of our own scale, so that `text-sm` and `text-muted` are not taken for rivals. */
const merge = extendTailwindMerge({
  extend: { classGroups: { 'font-size': [{ text: ['sm', 'base', 'lg', 'xl', 'verdict'] }] } },
});

/** Joins class names; a later one wins over an earlier one of the same kind. */
export function cn(...inputs: ClassValue[]): string {
  return merge(clsx(inputs));
}
