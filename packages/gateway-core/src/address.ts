import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `1.2.3.4:80`, `[2001:db8::1]` and `[2001:db8::1]:80`; RFC 7239 §6.3 lets a port be a name like `_hidden`. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::[\w.-]{1,64})?$/;
const MAPPED = '::ffff:';
/** The longest address with a port, a zone and brackets is shorter. */
const TEXT_MAX = 200;

/**
 * An address in its one spelling: without a port, brackets or a zone; `::ffff:1.2.3.4` is `1.2.3.4`; IPv6 as RFC 5952 writes it.
 * @returns `undefined` for what is no address, like a host name, `unknown` or `_hidden`.
 */
export function normalAddress(text: string): string | undefined {
  return plainIpv4(text) ?? parse(text)?.toString();
}

/** Nearly every address: IPv4 as it stands, or as a socket that takes IPv6 too has it. Node takes it in its one spelling only. */
function plainIpv4(text: string): string | undefined {
  const address = text.startsWith(MAPPED) ? text.slice(MAPPED.length) : text;
  return isIPv4(address) ? address : undefined;
}

/**
 * What connections of one client are counted by, for a host that has limits of its own by address: an IPv4 address, or the first bits of an
 * IPv6 one, since who has a network has all of its addresses (RFC 4291 §2.5.4). What is no address counts as it stands.
 * @param ipv6PrefixLength from 0 to 128; more is 128. `limits.ipv6PrefixLength` is 64 by default.
 * @example
 * addressKey('::ffff:192.0.2.1', 64); // '192.0.2.1'
 * addressKey('2001:db8:1:2:3::9', 64); // '2001:db8:1:2::/64'
 */
export function addressKey(address: string, ipv6PrefixLength: number): string {
  const ipv4 = plainIpv4(address);
  if (ipv4 !== undefined) return ipv4;
  const parsed = parse(address);
  if (parsed === undefined) return address;
  if (parsed instanceof ipaddr.IPv4 || ipv6PrefixLength >= 128) return parsed.toString();
  const parts = parsed.parts.map((part, index) => {
    const kept = Math.min(Math.max(ipv6PrefixLength - index * 16, 0), 16);
    return part & (0xffff << (16 - kept));
  });
  return `${new ipaddr.IPv6(parts)}/${ipv6PrefixLength}`;
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.length > TEXT_MAX) return undefined;
  const [, inBrackets, ipv4] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (inBrackets ?? ipv4 ?? text).split('%', 1);
  // Node's check is the stricter one: `127.1` and `010.0.0.1` mean different things to different readers.
  return isIP(address) === 0 ? undefined : ipaddr.process(address);
}
