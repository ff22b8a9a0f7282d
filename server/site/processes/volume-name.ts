/** Name of a volume's NBD export: `group/system/volume`. */
export function volumeName(group: string, system: string, volume: number): string {
  return `${group}/${system}/${volume}`;
}
