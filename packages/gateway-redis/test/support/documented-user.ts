import { readFileSync } from 'node:fs';
import type { TestRedis } from './test-redis.js';

const DOCUMENT = new URL('../../../../docs/scale-out.md', import.meta.url);

/** Makes the user that docs/scale-out.md says gateways need, for keys of any prefix: with its rights, and no others. */
export async function documentedUser(redis: TestRedis): Promise<{ username: string; password: string }> {
  const line = readFileSync(DOCUMENT, 'utf8').match(/^user gateway on >secret .*$/m)?.[0];
  if (line === undefined) throw new Error('docs/scale-out.md names no user');
  const rules = line.split(' ').slice(2);
  await redis.command('ACL', 'SETUSER', 'gateway', 'reset', ...rules.map((rule) => rule.replace('{gw}', '{*}')));
  return { username: 'gateway', password: 'secret' };
}
