/** Where a site keeps its files: `<data>/sites/<site>/<group>/<process>/`. */
import path from 'node:path';

/** Folder of one site below the installation's data folder. */
export function siteFolder(dataFolder: string, site: string): string {
  return path.join(dataFolder, 'sites', site);
}

/** Folder of one group at a site. `group` must be a valid group name, so that it cannot lead elsewhere. */
export function groupFolder(site: string, group: string): string {
  return path.join(site, group);
}

/** Files of one process of a group. */
export interface ProcessPaths {
  folder: string;
  /** What the agent hands to the process; readable by its owner only. */
  config: string;
  /** Written by the process once it listens. */
  run: string;
  log: string;
  /** Root of the process's `Disk` port. */
  disk: string;
}

export function processPaths(group: string, process: string): ProcessPaths {
  return processPathsIn(path.join(group, process));
}

/** The same, for a process that knows its folder already. */
export function processPathsIn(folder: string): ProcessPaths {
  return {
    folder,
    config: path.join(folder, 'config.json'),
    run: path.join(folder, 'run.json'),
    log: path.join(folder, 'log'),
    disk: path.join(folder, 'disk'),
  };
}
