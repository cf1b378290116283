import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { converse } from './support/dialect-1-conversation.js';

// Recorded from the gateway before there was a second dialect. What is in it does not change, for ever: PROTOCOL.md, "Dialects".
const RECORDED = new URL('./fixtures/dialect-1.txt', import.meta.url);

test('dialect 1 is byte for byte what it was [R167]', async () => {
  expect(await converse()).toEqual(readFileSync(RECORDED, 'utf8').trimEnd().split('\n'));
});

test('the conversation has every type that dialect 1 sends, and no other [R168]', async () => {
  const types = (await converse()).flatMap((line) => line.match(/^\w+ < \{"type":"(\w+)"/)?.[1] ?? []);
  expect(new Set(types)).toEqual(new Set(['ready', 'presence_update', 'data_update', 'error']));
});
