import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Client } from './support/client.js';
import { rawUpgrade } from './support/raw-upgrade.js';
import { listen, startGateway } from './support/servers.js';

async function statusOf(target: string, path?: string): Promise<number> {
  const server = createServer();
  startGateway({ server, path });
  const { status } = await rawUpgrade({ url: await listen(server), target });
  return status;
}

test.each([
  '/rt',
  '/rt/',
  '/rt/?token=1',
  'http://localhost/rt/',
  '/rt?token=1',
  '/rt?',
  '/rt#a',
  'http://localhost/rt',
  'HTTP://localhost:80/rt?x',
  'https://gateway.example/rt',
])('the target %s is the path /rt [R234]', async (target) => {
  expect(await statusOf(target)).toBe(101);
});

test.each([
  '/',
  '//',
  '///rt',
  '//rt',
  '//localhost/rt',
  '/rt//',
  '//rt/',
  '/rt/x',
  '/rt%2F',
  '/RT',
  '/r%74',
  '/x/../rt',
  '/rt;v=1',
  '*',
  '/%',
  'http://',
  'http://[',
  'http://localhost',
  'ftp://localhost/rt',
  `/rt${'x'.repeat(12_000)}`,
])('the target %s is another path, or none', async (target) => {
  expect(await statusOf(target)).toBe(404);
});

test.each(['?', '%', 'rt', 'http:rt', 'localhost:80', '/\u00ff', '/a b'])(
  'the target %s is no HTTP, and the server itself refuses it',
  async (target) => {
    expect(await statusOf(target)).toBe(400);
  },
);

test('a target longer than the header limit of the server is refused by the server', async () => {
  expect(await statusOf(`/${'x'.repeat(100_000)}`)).toBe(431);
});

test.each([
  ['/rt/', '/rt'],
  ['/rt/', '/rt/'],
  ['/', '/'],
  ['/', 'http://localhost'],
  ['/a/b/', '/a/b'],
  ['/a%20b', '/a%20b'],
  ['/gruppé', '/grupp%C3%A9'],
  ['/gruppé', '/grupp%c3%a9/'],
  ['/grupp%c3%A9', '/grupp%C3%a9'],
  ['/組/😀', '/%E7%B5%84/%F0%9F%98%80'],
  ['/{tenant}', '/{tenant}'],
  ['/{tenant}', '/%7Btenant%7D'],
])('the option %s takes the target %s', async (path, target) => {
  expect(await statusOf(target, path)).toBe(101);
});

test.each([
  ['/a%20b', '/a'],
  ['/a%2Fb', '/a/b'],
  ['/', '//'],
  ['/gruppé', '/gruppe%CC%81'],
])('the option %s does not take the target %s', async (path, target) => {
  expect(await statusOf(target, path)).toBe(404);
});

test.each(['/gruppé', '/組/😀/', '/{tenant}', '/a|b^c', '/rt/', "/it's-(1);v=2,3&4=@$!*+~"])(
  'what a browser makes of %s connects, and is what the gateway says',
  async (path) => {
    const server = createServer();
    const gateway = startGateway({ server, path });
    const url = await listen(server);
    await (await Client.join(url + path)).close();
    await (await Client.join(url + gateway.path)).close();
  },
);

test('no target makes the upgrade throw, whatever it is made of', () => {
  const server = createServer();
  startGateway({ server });
  const targets = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.constantFrom(undefined, '', '//', 'http://[', 'javascript:alert(1)'),
    fc.string({ unit: fc.constantFrom('/', '.', '%', ':', '@', '[', ']', '?', '#', '\\', 'h', 't', 'p', ' ') }),
  );
  fc.assert(
    fc.property(targets, (url) => {
      const written: string[] = [];
      const socket = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          written.push(chunk.toString());
          done();
        },
      });
      server.emit('upgrade', { url, method: 'GET', headers: {}, socket } as unknown as IncomingMessage, socket, Buffer.alloc(0));
      // Without the headers of a handshake: 404 for another path, 400 for its own.
      expect(written.join('')).toMatch(/^HTTP\/1\.1 (404|400) /);
    }),
  );
});
