import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const newer = (major: number) => fileURLToPath(new URL(`./node_modules/node-${major}/bin/node`, import.meta.url));

/** The Node versions that the packages support, each with its program: the oldest is the one that runs these tests. */
export const NODES: readonly { name: string; program: string }[] = [
  { name: process.version, program: process.execPath },
  { name: 'Node 22', program: newer(22) },
  { name: 'Node 24', program: newer(24) },
];

/** The binaries of the other versions are for Linux on x64. */
export const canRun = (program: string): boolean =>
  existsSync(program) || (process.platform === 'linux' && process.arch === 'x64');
