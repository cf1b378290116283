import { describe, expect, test } from 'vitest';
import { LOG_LEVELS } from '../src/log-levels.js';
import { createLogger } from '../src/logger.js';
import { MemoryIo } from './memory-io.js';

const logging = (options: Partial<Parameters<typeof createLogger>[0]> = {}) => {
  const io = new MemoryIo();
  return { io, logger: createLogger({ level: 'info', pretty: false, color: false, output: io.stdout, ...options }) };
};

test('a log line is one JSON object with level, time, message and meta', () => {
  const { io, logger } = logging();
  logger.warn('a\nb', { traceId: 't-1' });
  logger.info('no meta');
  expect(io.out.split('\n')).toHaveLength(3);
  expect(io.lines()[0]).toMatchObject({
    level: 'warn',
    msg: 'a\nb',
    traceId: 't-1',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect(io.lines()[1]).toMatchObject({ level: 'info', msg: 'no meta' });
});

test('an error is logged with its message and stack', () => {
  const { io, logger } = logging();
  logger.error('failed', { error: new TypeError('no store'), where: 'presence' });
  expect(io.lines()[0]).toMatchObject({
    level: 'error',
    where: 'presence',
    error: { type: 'TypeError', message: 'no store', stack: expect.stringContaining('logger.test.ts') },
  });
});

test.each(LOG_LEVELS)('level %s lets itself and what is more urgent pass; silent, nothing', (level) => {
  const { io, logger } = logging({ level });
  const said = ['debug', 'info', 'warn', 'error'] as const;
  for (const at of said) logger[at]('said');
  expect(io.lines().map((line) => line.level)).toEqual(said.slice(LOG_LEVELS.indexOf(level)));
});

test('pretty lines begin with the message and show the meta', () => {
  const { io, logger } = logging({ pretty: true });
  logger.info('draining', { connections: 3 });
  expect(io.out).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: draining\n +connections: 3\n$/);
});

test('pretty lines are coloured only where asked', () => {
  const { io, logger } = logging({ pretty: true, color: true });
  logger.info('draining');
  expect(io.out).toContain('\u001b[');
});

describe('what a client has sent is shown, and obeyed by no terminal', () => {
  const HOSTILE = 'a\u001b[31m\u0007\u009b2J\u007f\u202ereversed\u2028\u2029\r\b\u{e0041}\\u001b\\\\u001b';

  test('in JSON it is the same text', () => {
    const { io, logger } = logging();
    logger.info('disconnected', { reason: HOSTILE });
    expect(io.out).toMatch(/^[ -~]+\n$/);
    expect(io.lines()[0]).toMatchObject({ reason: HOSTILE });
  });

  test.each([
    ['a field', (text: string) => ({ reason: text })],
    ['an error', (text: string) => ({ error: new Error(text) })],
  ])('in pretty lines, of %s', (_, meta) => {
    const { io, logger } = logging({ pretty: true });
    logger.info('failed', meta(HOSTILE));
    expect(io.out).not.toMatch(/[\p{Cf}\u2028\u2029]/u);
    expect(io.out).not.toMatch(/(?![\n\t])\p{Cc}/u);
    expect(io.out).toContain('[31m');
    expect(io.out).toContain('\\u001b');
  });
});
