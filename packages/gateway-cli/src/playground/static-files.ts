import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { GatewayError } from 'gateway-core';

/** What everybody is given who may look. */
export interface StaticFile {
  body: Buffer;
  /** The same, as nearly every browser takes it. */
  gzipped: Buffer;
  headers: Record<string, string>;
}

/** From the built modules, and from the sources. */
const PLACES = ['../playground', '../../dist/playground'];
/** For what everybody has: pages of other origins may use it as well. */
const FOR_EVERYBODY = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

// What is built as CommonJS has no URL, and an ES module no `__filename` of its own.
const url = import.meta.url as string | undefined;
const file = url === undefined ? __filename : fileURLToPath(url);

/** The files of the playground by their names under its path. @throws GatewayError `INVALID_OPTION` where they are not built. */
export function readStaticFiles(): Map<string, StaticFile> {
  const gzipped = readBuilt('index.html.gz');
  const page = gunzipSync(gzipped);
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(page.toString()) };
  return new Map([
    ['', { body: page, gzipped, headers }],
    ['client.js', fileOf(readBuilt('client.js'), 'text/javascript; charset=utf-8')],
    ['asyncapi.json', fileOf(readFileSync(createRequire(file).resolve('gateway-protocol/asyncapi.json')), 'application/json')],
  ]);
}

function fileOf(body: Buffer, type: string): StaticFile {
  return { body, gzipped: gzipSync(body), headers: { 'content-type': type, ...FOR_EVERYBODY } };
}

function readBuilt(name: string): Buffer {
  const content = PLACES.map((place) => contentOf(join(dirname(file), place, name))).find((found) => found !== undefined);
  if (content === undefined)
    throw new GatewayError('INVALID_OPTION', `playground: has a ${name} that is not built; build gateway-cli first`);
  return content;
}

/** Nothing but the page's own style and script with the client that it loads, and connections to where it came from (CSP Level 3). */
function policyOf(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 'gs'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  return [
    "default-src 'none'",
    // `'self'` is client.js: nothing else that is served here has a type that browsers run, and `nosniff` stands beside it.
    `script-src 'self' ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    // Also WebSockets to the same host and port: `'self'` matches ws: where the page is http:, and wss: where it is https:.
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
