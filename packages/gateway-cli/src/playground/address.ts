/** Addresses that only the machine itself reaches (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3), as Node spells them. */
const LOOPBACK = /^(?:127\.|::ffff:127\.|::1$)/;

export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/** Whether a server that listens on it is reached by every address of the machine. */
export function isEveryAddress(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Whether a `Host` header names this machine by a name that no other can be made to have: the bound against DNS rebinding. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
