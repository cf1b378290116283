import type { IncomingMessage } from 'node:http';
import { normalAddress } from '../address.js';

/** Which headers proxies write clients' addresses into. `auto`: X-Forwarded-For, and Forwarded where a request has none. */
export const PROXY_HEADERS = ['auto', 'x-forwarded-for', 'forwarded'] as const;
/** One of {@link PROXY_HEADERS}. */
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

/** What says where a client's address stands. */
export interface TrustedProxies {
  /** How many proxies are in front. */
  hops: number;
  header: ProxyHeader;
}

/**
 * The client's address in its one spelling: the socket's, or behind `hops` trusted proxies the entry that the outermost of them appended.
 * Entries further left are the client's own words. Where that entry is missing (the request did not come through all of them), or is no
 * address (`unknown`, `_hidden`), nobody vouches for anything, and it is the socket's again.
 */
export function remoteAddressOf(request: IncomingMessage, { hops, header }: TrustedProxies): string {
  const own = request.socket.remoteAddress ?? '';
  return (hops === 0 ? undefined : forwardedAddress(request, hops, header)) ?? normalAddress(own) ?? own;
}

function forwardedAddress({ headers }: IncomingMessage, hops: number, header: ProxyHeader): string | undefined {
  const present = headers['x-forwarded-for'] === undefined ? 'forwarded' : 'x-forwarded-for';
  const name = header === 'auto' ? present : header;
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : value;
  if (text === undefined) return undefined;
  const entry = entryFromEnd(text, hops)?.trim();
  return entry === undefined ? undefined : normalAddress(name === 'forwarded' ? nodeOf(entry) : entry);
}

/**
 * The entry of a list that stands `place` entries from its end. Read from the end, since there the proxies wrote: a quote that a client left
 * open in front of them cannot swallow their entries, and however much it wrote costs nothing.
 */
function entryFromEnd(list: string, place: number): string | undefined {
  let quoted = false;
  let end = list.length;
  let left = place;
  for (let index = list.length - 1; index >= 0; index -= 1) {
    if (list[index] === '"' && !(quoted && list[index - 1] === '\\')) quoted = !quoted;
    else if (list[index] === ',' && !quoted) {
      left -= 1;
      if (left === 0) return list.slice(index + 1, end);
      end = index;
    }
  }
  return left === 1 ? list.slice(0, end) : undefined;
}

/** A parameter of a `forwarded-element` (RFC 7239 §4), and what ends it. */
const PARAMETER = /\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s",;=]+))\s*(?:;|$)/y;

/** What stands in `for`; empty where the element is not what RFC 7239 says, or says it twice. */
function nodeOf(element: string): string {
  const nodes: string[] = [];
  PARAMETER.lastIndex = 0;
  while (PARAMETER.lastIndex < element.length) {
    const [, name, quoted, token] = PARAMETER.exec(element) ?? [];
    if (name === undefined) return '';
    if (name.toLowerCase() === 'for') nodes.push(quoted ?? (token as string));
  }
  return nodes.length === 1 ? (nodes[0] as string) : '';
}
