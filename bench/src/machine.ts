import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, release, totalmem } from 'node:os';

/** Sockets and files that the largest case needs in one process. */
const OPEN_FILES_MIN = 15_500;

/** What the numbers were measured on, in words that name no host. */
export interface Machine {
  cores: number;
  description: string;
}

/** Cores that this process may use (`0-3,8` in the kernel's notation). */
export function allowedCores(status = readFileSync('/proc/self/status', 'latin1')): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

export function describeMachine(): Machine {
  const cores = allowedCores().length;
  const kernel = release().split('.').slice(0, 2).join('.');
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    cores,
    description: `${cores} cores (${arch()}), ${memory} GiB memory, Linux ${kernel}, Node ${process.version}, loopback`,
  };
}

/** Why a benchmark cannot run here, or undefined. */
export function obstacle({ quick = false } = {}): string | undefined {
  if (process.platform !== 'linux') return 'it reads CPU times from /proc, so it runs on Linux only';
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
  } catch {
    return 'it needs `taskset` (package util-linux) to pin processes to cores';
  }
  if (quick) return undefined;
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  if (hard !== 'unlimited' && Number(hard) < OPEN_FILES_MIN) {
    return `it opens ${OPEN_FILES_MIN} sockets in one process; the limit here is ${hard} (ulimit -Hn)`;
  }
  return undefined;
}
