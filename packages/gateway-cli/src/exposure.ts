/** Addresses that only the machine itself reaches (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3), as Node spells them. */
const LOOPBACK = /^(?:127\.|::ffff:127\.|::1$)/;

/**
 * Says in one line who may connect to a server that asks nobody who they are.
 * @param address that it listens on. @returns `undefined` where only this machine reaches it.
 */
export function exposureWarning(address: string, allowedOrigins: readonly string[] | undefined): string | undefined {
  if (LOOPBACK.test(address)) return undefined;
  return allowedOrigins === undefined
    ? `no authentication, any origin: whoever reaches ${address} may join every group and publish; see --allowed-origin and --host`
    : `no authentication: whoever reaches ${address} without a browser may join every group and publish; see --host`;
}
