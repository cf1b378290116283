import { expect, test } from 'vitest';
import type { Connection } from '../src/connection.js';
import { PublishCalls } from '../src/publish-calls.js';

/** What a call is made of: the keys of its batches, of those that were appended in one turn. */
async function callsOf(texts: readonly string[]): Promise<string[][]> {
  const calls: string[][] = [];
  const connection = {
    term: 'term',
    randomId: () => 'id',
    runNow: async (_: unknown, keys: readonly string[]) => {
      calls.push([...keys]);
      return ['OK', ...keys.flatMap(() => ['epoch', '1'])];
    },
  } as unknown as Connection;
  const limits = { logMessagesMax: 1, logBytesMax: 1, idempotencyKeysMax: 1 };
  const publishes = new PublishCalls({ connection, limits, logTtlMs: 1, nodeId: 'node' });
  const messages = [{ idempotencyKey: undefined, fence: undefined }];
  await Promise.all(texts.map((text, at) => publishes.append([`log ${at}`], { counter: at, messages, text })));
  return calls;
}

const KIB = 1024;

test.each([
  ['of one byte', 'e'],
  ['of two', 'é'],
  ['of three', '語'],
  ['of four', '😀'],
])('a call takes batches of up to 256 KiB together, in characters %s', async (_, character) => {
  const ofBytes = (bytes: number) => character.repeat(Math.floor(bytes / Buffer.byteLength(character)));
  expect(await callsOf([ofBytes(100 * KIB), ofBytes(100 * KIB), ofBytes(56 * KIB)])).toEqual([['log 0', 'log 1', 'log 2']]);
  expect(await callsOf([ofBytes(100 * KIB), ofBytes(100 * KIB), ofBytes(57 * KIB)])).toEqual([['log 0', 'log 1'], ['log 2']]);
});

test('a batch that is larger by itself is a call of its own', async () => {
  expect(await callsOf(['é', 'é'.repeat(200 * KIB), 'é'])).toEqual([['log 0'], ['log 1'], ['log 2']]);
});

test('a call takes 64 batches at most', async () => {
  expect((await callsOf(Array.from({ length: 130 }, () => 'x'))).map(({ length }) => length)).toEqual([64, 64, 2]);
});
