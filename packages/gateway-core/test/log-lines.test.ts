import type { Logger } from 'gateway-protocol';
import { expect, test, vi } from 'vitest';
import { codesOf, identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

test('a message that is refused or fails is in the log with its traceId [R4]', async () => {
  const lines: { level: keyof Logger; meta?: Record<string, unknown> }[] = [];
  const line = (level: keyof Logger) => vi.fn((_: string, meta?: Record<string, unknown>) => void lines.push({ level, meta }));
  const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const authorize = ({ action }: { action: string }) => {
    if (action === 'publish') throw new Error('no database');
    return true;
  };
  const { clock, join } = setUp({ logger, authorize });
  const client = await join('group-1');
  client.send(say(1, { traceId: 'trace-1', groupId: 'other' }));
  client.send(say(2, { traceId: 'trace-2' }));
  await clock.settle();
  expect(lines).toMatchObject([
    { level: 'debug', meta: { code: 'NOT_A_MEMBER', traceId: 'trace-1', connectionId: 'id-2' } },
    { level: 'error', meta: { where: 'data_update', traceId: 'trace-2', error: expect.stringContaining('no database') } },
    { level: 'debug', meta: { code: 'INTERNAL', traceId: 'trace-2' } },
  ]);
});

test('a logger that throws holds up nobody, and what it was to be told of is still an event', async () => {
  const line = () => {
    throw new Error('the worker has exited');
  };
  const authorize = ({ groupId }: { groupId: string }) => {
    if (groupId !== 'group-1') throw Object.create(null);
    return true;
  };
  const { clock, join, events } = setUp({ logger: { debug: line, info: line, warn: line, error: line }, authorize });
  const client = await join('group-1');
  client.send({ type: 'nonsense' });
  client.send(identify('elsewhere'));
  client.send(say('still here'));
  await clock.settle();
  expect(codesOf(client)).toEqual(['UNKNOWN_TYPE', 'INTERNAL']);
  expect(client.data).toEqual(['still here']);
  expect(events('error')).toMatchObject([{ where: 'identify' }]);
});

test('an error that cannot be said is logged as well as it can be', async () => {
  const error = vi.fn();
  const none = () => {};
  const { join, events } = setUp({
    logger: { debug: none, info: none, warn: none, error },
    authorize: () => {
      throw Object.create(null);
    },
  });
  await join('group-1');
  expect(events('error')).toHaveLength(1);
  expect(error).toHaveBeenCalledWith(
    'gateway: failure',
    expect.objectContaining({ where: 'identify', error: expect.any(String) }),
  );
});
