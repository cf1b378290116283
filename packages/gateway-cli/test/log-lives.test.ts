import { createGateway } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { logLives } from '../src/log-lives.js';

function logged() {
  const lines: { level: string; msg: string; meta: Record<string, unknown> }[] = [];
  const write =
    (level: string) =>
    (msg: string, meta: Record<string, unknown> = {}) =>
      void lines.push({ level, msg, meta });
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const clock = new FakeClock();
  const gateway = createGateway({
    clock,
    limits: { errorsPerSecondMax: 0, errorsBurst: 0, messagesPerSecondMax: 0, messagesBurst: 0 },
    authenticate: () => ({ principal: 'ada', claims: { email: 'claim-of-ada' } }),
  });
  onTestFinished(() => gateway.close({ graceMs: 0 }));
  logLives(gateway, logger, clock);
  return { gateway, clock, lines };
}

test('a client that errs 1,000 times is one line, which says so', async () => {
  const { gateway, clock, lines } = logged();
  const client = connectClient(gateway);
  for (let sent = 0; sent < 1_000; sent += 1) client.sendText('{');
  await clock.advance(1_500);
  expect(lines).toEqual([]);
  client.close();
  await clock.settle();
  expect(lines).toEqual([
    {
      level: 'info',
      msg: 'disconnected',
      meta: expect.objectContaining({ errors: 1_000, durationMs: 1_500, bytesIn: 1_000, code: 1000, by: 'client' }),
    },
  ]);
});

test('a life says why it ended, in the words of whoever ended it too, and is forgotten then', async () => {
  const { gateway, clock, lines } = logged();
  const client = connectClient(gateway);
  connectClient(gateway);
  client.close(4900, 'my laptop sleeps');
  await clock.settle();
  gateway.disconnect(gateway.connections()[0]?.connectionId as string, 4003, 'enough');
  await clock.settle();
  expect(lines.map(({ meta: { code, reason, by } }) => [code, reason, by])).toEqual([
    [4900, 'my laptop sleeps', 'client'],
    [4003, 'enough', 'host'],
  ]);
  const listeners = new Map<string, (event: object) => void>();
  const told: unknown[] = [];
  const on = (name: string, listener: never) => listeners.set(name, listener);
  const logger = { debug() {}, info: (msg: string) => told.push(msg), warn() {}, error() {} };
  logLives({ on } as never, logger, clock);
  listeners.get('connection')?.({ connectionId: 'c', remoteAddress: '192.0.2.1' });
  for (let ends = 0; ends < 2; ends += 1) listeners.get('disconnect')?.({ connectionId: 'c', code: 1000 });
  expect(told).toEqual(['disconnected']);
});

test('a life says who it was, and neither token, metadata, claims, group nor data', async () => {
  const { gateway, clock, lines } = logged();
  const client = connectClient(gateway);
  client.send({
    type: 'identify',
    payload: { clientType: 'app-client', token: 'token-of-ada', groupId: 'group-of-ada', metadata: { mail: 'metadata-of-ada' } },
  });
  await clock.settle();
  client.send({ type: 'data_update', payload: { data: 'data-of-ada' } });
  client.sendText('{ "broken-of-ada"');
  await clock.settle();
  client.close();
  await clock.settle();
  expect(lines.map(({ meta }) => [meta.principal, meta.role, meta.errors])).toEqual([['ada', 'app-client', 1]]);
  expect(JSON.stringify(lines)).not.toMatch(/-of-ada/);
});
