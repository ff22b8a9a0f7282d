/** Name of a volume's NBD export: `group/system/volume`. */
export function volumeName(group: string, system: string, volume: number): string {
  return `${group}/${system}/${volume}`;
}

/** Of the same volume of a clone: `group/system/volume@clone`. */
export function cloneVolumeName(group: string, system: string, volume: number, clone: string): string {
  return `${volumeName(group, system, volume)}@${clone}`;
}
