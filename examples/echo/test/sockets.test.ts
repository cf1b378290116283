import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createGateway } from 'gateway-core';
import { expect, test } from 'vitest';
import { selfSigned } from '../../../tests/shared-server/support/self-signed.js';
import { listen } from '../../../tests/shared-server/support/servers.js';
import { play, scenarioOf, TRANSCRIPT } from './play.js';

test('over real sockets the transcript is the virtual one, up to ids and times', async () => {
  expect(scenarioOf(await play())).toEqual(scenarioOf(TRANSCRIPT));
});

test('a running gateway is played over by its URL, and goes on afterwards', async () => {
  const server = createServer();
  const gateway = createGateway({ server });
  const url = `${await listen(server)}/rt`;
  const [first, second] = [await play({ url }), await play({ url, groupId: 'group-2' })];
  // It does not end with this scenario, and its sessions are not seen from outside.
  const expected = scenarioOf(TRANSCRIPT)
    .filter((line) => !line.includes('] gateway'))
    .flatMap((line) => (line === '[] B is closed with 1012' ? ['[] B closes', '[] B is closed with 1000'] : [line]));
  expect(scenarioOf(first)).toEqual(expected);
  expect(scenarioOf(second.replaceAll('group-2', 'group-1'))).toEqual(expected);
  expect(gateway.stats()).toMatchObject({ connections: 0, connectionsTotal: 4, errorsSentTotal: 0 });
  expect((await gateway.presence('group-1')).status).toBe('DOWN');
  await gateway.close();
});

test('others in the group of a running gateway do not disturb it', async () => {
  const server = createServer();
  const gateway = createGateway({ server });
  const url = `${await listen(server)}/rt`;
  const [one, two] = [play({ url }), play({ url })];
  // The server itself speaks between what the clients say.
  gateway.on('data', ({ groupId }) => void gateway.publish(groupId, 'by the way'));
  expect(await one).toContain('everything came');
  expect(await two).toContain('everything came');
  await gateway.close();
});

test('TLS is checked against the given certificate, or not at all where that is asked for', async () => {
  const { key, cert } = selfSigned();
  const server = createTlsServer({ key, cert });
  const gateway = createGateway({ server });
  const url = `${await listen(server)}/rt`;
  expect(url).toMatch(/^wss:/);
  expect(await play({ url, tls: { ca: Buffer.from(cert) } })).toContain('everything came');
  expect(await play({ url, tls: { rejectUnauthorized: false } })).toContain('everything came');
  await expect(play({ url })).rejects.toThrow('A did not receive ready on connect: self-signed certificate');
  await gateway.close();
});
