import type { Message, Sync } from 'gateway-client';
import { expect, test } from 'vitest';
import { type Action, type Conversation, converse, EMPTY, saidOf } from '../src/conversation.js';

const said = (text: string) => ({ text, name: 'Ada' });
const message = (seq: number, text: string, id?: string): Action => {
  const update: Message<ReturnType<typeof said>> = {
    ...{ type: 'message', groupId: 'g', epoch: 'e', ts: seq, own: id !== undefined, replayed: false },
    ...{ seq, id, data: said(text) },
  };
  return { type: 'update', update };
};
const sync = (outcome: Sync['outcome']): Action => ({
  type: 'update',
  update: { type: 'sync', groupId: 'g', epoch: 'e', seq: 9, outcome, replayed: 0 },
});
const written = (key: string, text: string): Action => ({ type: 'written', key, said: said(text), at: 0 });
const after = (...actions: Action[]): Conversation => actions.reduce(converse, EMPTY);
const shown = ({ log, outbox }: Conversation) =>
  [...log, ...outbox].map((entry) => (entry.type === 'line' ? `${entry.text}: ${entry.fate}` : 'hole'));

test('what is written is shown at once, and is one line when it comes back', () => {
  expect(shown(after(written('a', 'one')))).toEqual(['one: sending']);
  expect(shown(after(written('a', 'one'), message(1, 'one', 'a')))).toEqual(['one: accepted']);
});

test('an answer that comes before the message, or after it, changes nothing', () => {
  const settled: Action = { type: 'settled', key: 'a', fate: 'accepted' };
  expect(shown(after(written('a', 'one'), settled))).toEqual(['one: accepted']);
  expect(shown(after(written('a', 'one'), settled, message(1, 'one', 'a')))).toEqual(['one: accepted']);
  expect(shown(after(written('a', 'one'), message(1, 'one', 'a'), settled))).toEqual(['one: accepted']);
});

test('what waits stands below what is in the log, in the order in which it was written', () => {
  const conversation = after(written('a', 'mine 1'), written('b', 'mine 2'), message(1, 'theirs'), message(2, 'mine 1', 'a'));
  expect(shown(conversation)).toEqual(['theirs: accepted', 'mine 1: accepted', 'mine 2: sending']);
});

test('one of unknown fate that is sent again keeps its place, and is one line whether it was there or not', () => {
  const unknown = after(written('a', 'one'), written('b', 'two'), { type: 'settled', key: 'a', fate: 'unknown' });
  expect(shown(unknown)).toEqual(['one: unknown', 'two: sending']);
  const again = converse(unknown, written('a', 'one'));
  expect(shown(again)).toEqual(['one: sending', 'two: sending']);
  expect(shown(converse(again, message(5, 'one', 'a')))).toEqual(['one: accepted', 'two: sending']);
});

test('a message that comes again, as after a new join, is one line', () => {
  expect(shown(after(message(1, 'one'), message(2, 'two'), message(1, 'one'), message(2, 'two')))).toHaveLength(2);
});

test('a reset and a gap are shown, but not above the first message', () => {
  const gap: Action = { type: 'update', update: { type: 'gap', groupId: 'g', from: 3, to: 4, reason: 'overflow' } };
  expect(shown(after(sync('reset'), message(1, 'one'), gap, sync('recovered'), sync('reset')))).toEqual([
    'one: accepted',
    'hole',
    'hole',
  ]);
});

test('the oldest of very many lines go', () => {
  const conversation = after(...Array.from({ length: 600 }, (_, n) => message(n + 1, String(n + 1))));
  expect(conversation.log).toHaveLength(500);
  expect(shown(conversation).at(-1)).toBe('600: accepted');
});

test.each([null, undefined, 'text', { text: 1, name: 'x' }, { text: 'x' }])('%j is nothing that this chat shows', (data) => {
  expect(() => saidOf(data)).toThrow(TypeError);
});
