import fc from 'fast-check';
import { createGateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { dataOf, messageEvent } from '../../src/playground/message-event.js';

const envelope = (fields: object, data: string, meta = '') =>
  `{"type":"data_update","seq":7,"ts":1,${JSON.stringify({ groupId: 'g', ...fields }).slice(1, -1)},"payload":{"data":${data}${meta}}}`;
const shown = (text: string) => messageEvent(1, 2, { groupId: 'g', epoch: 'e', seq: 7, text });

test('data is the exact text that was published, with digits that a number cannot hold, and without its meta', () => {
  expect(shown(envelope({}, '1.10000000000000000001'))).toMatchObject({ data: '1.10000000000000000001', cut: false });
  expect(shown(envelope({}, '{"meta":1}', ',"meta":{"label":"x"}'))).toMatchObject({ data: '{"meta":1}' });
});

test('fields that look like a payload do not mislead it', () => {
  const id = ',"payload":{"data":1}}';
  expect(shown(envelope({ id, key: '"payload":{"data":' }, '"real"'))).toMatchObject({ id, data: '"real"' });
});

test('of a message that is shown cut there is the whole data, without its meta', () => {
  const data = JSON.stringify({ text: 'x'.repeat(10_000) });
  const text = envelope({}, data, ',"meta":{"label":"x"}');
  expect(shown(text)).toMatchObject({ cut: true, data: `${data.slice(0, 4_096)}…` });
  expect(dataOf(text)).toBe(data);
});

test('whatever is published is shown as it was', async () => {
  const gateway = createGateway({ clock: new FakeClock() });
  const texts: string[] = [];
  gateway.on('published', ({ text }) => texts.push(text));
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.option(fc.string({ minLength: 1, maxLength: 30 }), { nil: undefined }),
      fc.option(fc.record({ label: fc.string({ maxLength: 20 }) }), { nil: undefined }),
      async (data, key, meta) => {
        const options = { key, meta, sessionId: meta && 's' };
        await gateway.publish('g', data, options).catch(() => {});
        const text = texts.pop();
        if (text === undefined) return;
        expect(JSON.parse(shown(text).data)).toEqual(JSON.parse(text).payload.data);
        expect(dataOf(text)).toBe(shown(text).data);
        expect(shown(text).key).toBe(JSON.parse(text).key);
      },
    ),
    { numRuns: 300 },
  );
  await gateway.close({ graceMs: 0 });
});
