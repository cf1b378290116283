import { isLoopback } from './playground/address.js';

/**
 * Says in one line who may connect to a server that asks nobody who they are.
 * @param address that it listens on. @returns `undefined` where only this machine reaches it.
 */
export function exposureWarning(address: string, allowedOrigins: readonly string[] | undefined): string | undefined {
  if (isLoopback(address)) return undefined;
  return allowedOrigins === undefined
    ? `no authentication, any origin: whoever reaches ${address} may join every group and publish; see --allowed-origin and --host`
    : `no authentication: whoever reaches ${address} without a browser may join every group and publish; see --host`;
}
