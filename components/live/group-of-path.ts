/** The group a path speaks of, or null. */
export function groupOfPath(pathname: string): string | null {
  const name = /^\/groups\/([^/]+)/.exec(pathname)?.[1];
  return name ? decodeURIComponent(name) : null;
}
