import { createHash } from 'node:crypto';
import { formatTimeline } from 'gateway-sim';
import { expect, test } from 'vitest';
import { traceText } from '../src/timeline.js';
import { Trace } from '../src/trace.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('the hash is of all that happened: when, who and what', () => {
  const trace = new Trace(false);
  trace.add(1, 'ada', 'says');
  expect(trace.hash).toBe(sha256('1 ada says\n'));
  trace.add(2.5, 'bob', 'hears');
  expect(trace.hash).toBe(sha256('1 ada says\n2.5 bob hears\n'));
  expect(trace.hash).toBe(trace.hash);
  expect(trace.entries).toEqual([]);
});

test('the hash is of long runs as well, and entries are kept where they are asked for', () => {
  const trace = new Trace(true);
  const what = 'x'.repeat(1_000);
  for (let atMs = 0; atMs < 200; atMs += 1) trace.add(atMs, 'ada', what);
  expect(trace.hash).toBe(sha256(Array.from({ length: 200 }, (_, atMs) => `${atMs} ada ${what}\n`).join('')));
  expect(trace.entries).toHaveLength(200);
  expect(trace.entries[7]).toEqual({ atMs: 7, who: 'ada', what });
});

test('a line has the moment, in seconds, and is cut where it is long', () => {
  const entries = [
    { atMs: 1_234.5, who: 'ada#1', what: 'opens' },
    { atMs: 20_000, who: 'bob', what: 'y'.repeat(241) },
  ];
  const [opens, long] = formatTimeline(entries).split('\n');
  expect(opens).toBe('    1.234  ada#1          opens');
  expect(long).toBe(`   20.000  bob            ${'y'.repeat(237)}…`);
  expect(formatTimeline([{ atMs: 0, who: 'bob', what: 'y'.repeat(240) }])).toMatch(/y{240}$/);
});

test('what is seen is told in the words of who saw it, without its secrets', () => {
  const about = { atMs: 0, who: 'ada', life: 'ada.2', connection: 'ada#3' } as const;
  const told = (entry: Parameters<typeof traceText>[0]) => traceText(entry).join(' ');
  const message = { type: 'identify', payload: { token: 'secret', resume: { token: 'also' } } };
  expect(told({ ...about, kind: 'sent', message })).toBe(
    'ada#3 → {"type":"identify","payload":{"token":"…","resume":{"token":"…"}}}',
  );
  expect(traceText({ ...about, kind: 'received', message }, '{"token":"secret","a":1}')).toEqual([
    'ada#3',
    '← {"token":"…","a":1}',
  ]);
  const id = 'ada-1';
  expect(told({ ...about, kind: 'accepted', id, epoch: 'e', seq: 4, duplicate: false })).toBe('ada.2 ada-1 accepted at e 4');
  expect(told({ ...about, kind: 'accepted', id, epoch: 'e', seq: 4, duplicate: true })).toBe(
    'ada.2 ada-1 accepted at e 4, again',
  );
  expect(told({ ...about, kind: 'refused', id, code: 'LEFT' })).toBe('ada.2 ada-1 LEFT');
  expect(told({ ...about, kind: 'closed', code: 1006 })).toBe('ada#3 closed 1006');
  expect(told({ ...about, kind: 'roster', groupId: 'g0', joins: ['a', 'b'], leaves: ['c'] })).toBe(
    'ada.2 roster of g0: +a +b -c',
  );
  expect(told({ atMs: 0, kind: 'found', check: 'rest', text: 'no end' })).toBe('check rest: no end');
  expect(told({ atMs: 0, kind: 'failed', where: 'gateway-1: flush', error: 'E' })).toBe('gateway-1: flush failed: E');
});
