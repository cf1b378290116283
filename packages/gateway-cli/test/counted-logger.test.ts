import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { CountedLogger } from '../src/counted-logger.js';

function logging(linesPerSecondMax?: number) {
  const lines: [string, string, unknown][] = [];
  const write = (level: string) => (msg: string, meta?: unknown) => void lines.push([level, msg, meta]);
  const target = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const clock = new FakeClock();
  return { lines, clock, logger: new CountedLogger(target, { clock, linesPerSecondMax }) };
}

test('of a thousand lines of one kind in a second twenty are written, and one that counts the others', async () => {
  const { lines, clock, logger } = logging();
  for (let i = 0; i < 1_000; i++) logger.error('a hook failed', { i });
  expect(lines).toHaveLength(20);
  expect(lines[19]).toEqual(['error', 'a hook failed', { i: 19 }]);
  await clock.advance(1_000);
  expect(lines.slice(20)).toEqual([['error', 'a hook failed: more of these than lines were logged', { untold: 980 }]]);
});

test('each kind, a level and a message, has lines of its own', () => {
  const { lines, logger } = logging(1);
  for (let i = 0; i < 2; i++) {
    logger.info('a');
    logger.warn('a');
    logger.info('b');
  }
  expect(lines.map(([level, msg]) => `${level} ${msg}`)).toEqual(['info a', 'warn a', 'info b']);
});

test('what fails without end hides no other failure, though both are told in the same words', () => {
  const { lines, logger } = logging(1);
  for (const where of ['authorize', 'authorize', 'broker.publish']) logger.error('gateway: failure', { where });
  logger.flush();
  expect(lines.map(([, , meta]) => meta)).toEqual([
    { where: 'authorize' },
    { where: 'broker.publish' },
    { where: 'authorize', untold: 1 },
  ]);
});

test('the next second begins anew, and one without a flood adds no line', async () => {
  const { lines, clock, logger } = logging(2);
  for (let second = 0; second < 3; second++) {
    logger.info('a');
    logger.info('a');
    await clock.advance(1_000);
  }
  expect(lines).toHaveLength(6);
  expect(clock.pendingTimers).toBe(0);
});

test('what was left out is said at the end also where the second is not over', () => {
  const { lines, clock, logger } = logging(1);
  for (let i = 0; i < 3; i++) logger.warn('a');
  logger.flush();
  expect(lines[1]).toEqual(['warn', 'a: more of these than lines were logged', { untold: 2 }]);
  expect(clock.pendingTimers).toBe(0);
});

test('messages that all differ are no way around it', async () => {
  const { lines, clock, logger } = logging(1);
  for (let i = 0; i < 1_000; i++) logger.info(`line ${i}`);
  expect(lines).toHaveLength(65);
  await clock.advance(1_000);
  expect(lines.slice(65)).toEqual([['info', 'other lines: more of these than lines were logged', { untold: 1_000 - 65 }]]);
});

test('debug passes whole', () => {
  const { lines, logger } = logging(1);
  for (let i = 0; i < 100; i++) logger.debug('a');
  expect(lines).toHaveLength(100);
});
