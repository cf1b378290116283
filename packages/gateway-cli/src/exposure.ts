import type { ServeConfig } from './config.js';
import { isLoopback } from './playground/address.js';

/**
 * Says in one line who may connect to a server that asks nobody who they are, also where that is only who is on this machine: behind a proxy
 * that is everybody.
 * @param address that it listens on. @returns `undefined` where tokens are asked for, and where it was said that none are to be.
 */
export function exposureWarning(
  address: string,
  { allowedOrigins, tokens, anonymous }: Pick<ServeConfig, 'allowedOrigins' | 'tokens' | 'anonymous'>,
): string | undefined {
  if (tokens !== undefined || anonymous) return undefined;
  const how = 'see --jwt-secret-file and --jwks-url, or say --anonymous';
  if (isLoopback(address)) return `no authentication: whoever reaches ${address} may join every group and publish; ${how}`;
  return allowedOrigins === undefined
    ? `no authentication, any origin: whoever reaches ${address} may join every group and publish; see --allowed-origin and --host; ${how}`
    : `no authentication: whoever reaches ${address} without a browser may join every group and publish; see --host; ${how}`;
}
