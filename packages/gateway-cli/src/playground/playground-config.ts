import { isIP } from 'node:net';
import { secretFile, secretOf } from '../secret.js';
import { type Environment, type Flags, readSettings } from '../setting.js';
import { SAID, said } from '../switch-variable.js';
import { quote, UsageError } from '../usage-error.js';
import { isEveryAddress, isLoopback } from './address.js';
import type { PlaygroundOptions } from './playground.js';

export const PLAYGROUND_SETTINGS = {
  passwordFile: secretFile({
    flag: '--playground-password-file',
    variable: 'GW_PLAYGROUND_PASSWORD_FILE',
    meaning: 'whose first line is the password that the page asks for; GW_PLAYGROUND_PASSWORD is one too',
  }),
};

/** Flags of the playground that are there or not, by their variables. */
export const PLAYGROUND_SWITCHES = {
  '--playground': { variable: 'GW_PLAYGROUND', meaning: 'show what the gateway does on a page, /playground/' },
  '--playground-read-only': {
    variable: 'GW_PLAYGROUND_READ_ONLY',
    meaning:
      'the page lets nobody disconnect or publish (default where others than this machine reach it; lifted by --no-playground-read-only)',
  },
  '--playground-hide-metadata': {
    variable: 'GW_PLAYGROUND_HIDE_METADATA',
    meaning: 'the page does not show metadata and principals',
  },
} as const;

/** What commander hands to the action, of the flags that are there or not. */
export interface PlaygroundSwitches {
  playground?: boolean | undefined;
  playgroundReadOnly?: boolean | undefined;
  playgroundHideMetadata?: boolean | undefined;
}

/**
 * What flags and environment say of the playground.
 * @returns `undefined`: there is none.
 * @throws UsageError that names the flag or the variable; also where everybody could come in.
 */
export function resolvePlayground(
  switches: PlaygroundSwitches,
  flags: Flags,
  env: Environment,
  server: { host: string; trustProxyHops: number; workers: number },
): PlaygroundOptions | undefined {
  // `auto`: where there can be one, and nobody but who may could come in. For `pnpm start`, which takes whatever host it is given.
  const wanted = switches.playground ?? said<boolean | 'auto'>('GW_PLAYGROUND', env, { ...SAID, auto: 'auto' });
  if (wanted === undefined || wanted === false) return undefined;
  if (server.workers > 0) {
    if (wanted === 'auto') return undefined;
    throw new UsageError('--playground (GW_PLAYGROUND) shows what one process does: leave it out, or --workers (GW_WORKERS)');
  }
  const password = passwordOf(flags, env);
  const problem = password === undefined ? openTo(server) : undefined;
  if (problem !== undefined) {
    if (wanted === 'auto') return undefined;
    throw new UsageError(
      `--playground (GW_PLAYGROUND) takes a password ${problem}: --playground-password-file or GW_PLAYGROUND_PASSWORD`,
    );
  }
  return {
    password,
    readOnly: switches.playgroundReadOnly ?? said('GW_PLAYGROUND_READ_ONLY', env, SAID),
    hideMetadata: switches.playgroundHideMetadata ?? said('GW_PLAYGROUND_HIDE_METADATA', env, SAID),
  };
}

/** The same rule as the playground's own, for what can be said before it listens. */
function openTo({ host, trustProxyHops }: { host: string; trustProxyHops: number }): string | undefined {
  if (trustProxyHops > 0) return 'behind a proxy';
  if (isIP(host) === 0 || isLoopback(host) || isEveryAddress(host)) return undefined;
  return `on ${host}, which others reach`;
}

function passwordOf(flags: Flags, env: Environment): string | undefined {
  const password = secretOf(PLAYGROUND_SETTINGS.passwordFile, 'GW_PLAYGROUND_PASSWORD', flags, env);
  if (password !== '') return password;
  const { passwordFile = '' } = readSettings(PLAYGROUND_SETTINGS, flags, env);
  throw new UsageError(`--playground-password-file takes a file that begins with a password, not ${quote(passwordFile)}`);
}
