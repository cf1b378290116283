import type { Clock } from 'gateway-core';
import { RedisBackendError, textOf } from './errors.js';
import { Link } from './link.js';

const FORM = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^@/]+)\/([^/]+)(?:\/(\d+))?$/;
const DEFAULT_PORT = 26_379;

/** What `redis+sentinel://` says. */
interface Sentinels {
  /** `host:port` of each. */
  readonly addresses: readonly string[];
  /** Of the primary that they watch. */
  readonly name: string;
  /** The primary's URL before its address, and after it. */
  readonly before: string;
  readonly after: string;
}

/**
 * An address that follows a primary through its failovers, for `redis+sentinel://[[user][:password]@]host[:port],host[:port]/name[/db]`; `undefined` for any
 * other URL. All sentinels are asked at once and the first answer is taken: whether what is there is a primary is seen by the handshake.
 * @throws RedisBackendError `UNUSABLE`, where it begins so and does not go on so.
 */
export function primaryBySentinels(url: string, clock: Clock, timeoutMs: number): (() => Promise<string>) | undefined {
  if (!url.startsWith('redis+sentinel:')) return undefined;
  const { addresses, name, before, after } = parse(url);
  const ask = async (address: string): Promise<string> => {
    const link = await Link.open({ url: `redis://${address}`, name: 'gateway', connectTimeoutMs: timeoutMs, clock });
    // One that stands still may not keep the others' answer.
    const timer = clock.setTimeout(() => link.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const answer = await link.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      if (!Array.isArray(answer)) throw new Error(`knows of no primary ${JSON.stringify(name)}`);
      const [host, port] = answer.map(String) as [string, string];
      return `${before}${host.includes(':') ? `[${host}]` : host}:${port}${after}`;
    } finally {
      clock.clearTimeout(timer);
      link.destroy(new Error('asked and answered'));
    }
  };
  return async () => {
    try {
      return await Promise.any(addresses.map(ask));
    } catch (error) {
      const reasons = error instanceof AggregateError ? error.errors.map(textOf) : [textOf(error)];
      const said = addresses.map((address, index) => `${address}: ${reasons[index]}`).join('; ');
      throw new RedisBackendError('UNAVAILABLE', `no sentinel says where the primary is: ${said}`, { cause: error });
    }
  };
}

function parse(url: string): Sentinels {
  const [, user, hosts = '', name = '', db] = FORM.exec(url) ?? [];
  const addresses = hosts.split(',').map((host) => (/:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORT}`));
  if (!addresses.every((address) => URL.canParse(`redis://${address}`)) || hosts === '') {
    throw new RedisBackendError(
      'UNUSABLE',
      'url: must be redis+sentinel://[[user][:password]@]host[:port],host[:port]/name[/db]',
    );
  }
  const before = `redis://${user === undefined ? '' : `${user}@`}`;
  return { addresses, name: decodeURIComponent(name), before, after: db === undefined ? '' : `/${db}` };
}
