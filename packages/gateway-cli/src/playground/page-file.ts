import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { GatewayError } from 'gateway-core';

/** The page of the playground, with the policy under which it runs. */
export interface PageFile {
  html: Buffer;
  /** The same, as nearly every browser takes it. */
  gzipped: Buffer;
  contentSecurityPolicy: string;
}

/** From the built modules, and from the sources. */
const PLACES = ['../playground', '../../dist/playground'];

/** Reads the page that the build has made. @throws GatewayError `INVALID_OPTION` where it has not made any. */
export function readPage(): PageFile {
  const gzipped = readBuilt('index.html.gz');
  const html = gunzipSync(gzipped);
  return { html, gzipped, contentSecurityPolicy: policyOf(html.toString()) };
}

/** The client as one ES module, for pages that have no bundler. @throws GatewayError `INVALID_OPTION` where it is not built. */
export function readClient(): Buffer {
  return readBuilt('client.js');
}

function readBuilt(name: string): Buffer {
  // What is built as CommonJS has no URL, and an ES module no `__dirname` of its own.
  const url = import.meta.url as string | undefined;
  const here = url === undefined ? __dirname : dirname(fileURLToPath(url));
  const content = PLACES.map((place) => contentOf(join(here, place, name))).find((found) => found !== undefined);
  if (content === undefined)
    throw new GatewayError('INVALID_OPTION', `playground: has a ${name} that is not built; build gateway-cli first`);
  return content;
}

/** Nothing but the page's own script and style, and connections to where it came from (CSP Level 3). */
function policyOf(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  return [
    "default-src 'none'",
    `script-src ${hashes('script')}`,
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

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
