import type { Logger } from 'gateway-protocol';
import { expect, test, vi } from 'vitest';
import { say } from './support/messages.js';
import { setUp } from './support/set-up.js';

test('a message that is refused or fails is in the log with its traceId', async () => {
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
