import { execFileSync } from 'node:child_process';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';
import { asPublishCall } from '../../page/code.js';
import { codeOf } from '../../page/play/code-of.js';

const HOSTILE = `'"; \`\${process.exit()}\` </script> $(touch x) \\ \u2028 *//* '`;
const SETUP = { url: 'ws://127.0.0.1:4100/rt', name: 'ada', clientType: 'app-client', group: 'group-1', hasToken: false };

describe('copy as code', () => {
  test('is the client that plays', () => {
    expect(codeOf('client', SETUP)).toBe(`import { createClient } from 'gateway-client';

const client = createClient({
  url: "ws://127.0.0.1:4100/rt",
  metadata: { name: "ada" },
});
const group = client.join("group-1");
group.on('message', ({ data, own }) => console.log(own ? 'me' : 'other', data));
group.on('sync', ({ outcome, replayed }) => console.log(outcome, replayed));
client.status.subscribe(({ state }) => console.log(state));
const { seq } = await group.publish({ text: 'hello' });
console.log('in the log at', seq);`);
  });

  test.each(['client', 'react'] as const)('for %s it is a program, whatever names are chosen', (kind) => {
    const code = codeOf(kind, { ...SETUP, name: HOSTILE, group: HOSTILE, clientType: 'dashboard', hasToken: true });
    expect(parseSync('code.tsx', code).errors).toEqual([]);
    expect(code).toContain('clientType: "dashboard"');
    expect(code).toContain('token: async');
  });

  test('for curl it is one command with these arguments, whatever names are chosen', () => {
    const code = codeOf('curl', { ...SETUP, group: HOSTILE });
    const printed = execFileSync('bash', ['-c', code.replace(/^curl/, "printf '%s\\0'")], { encoding: 'utf8' });
    const [url, flag, header, dataFlag, data] = printed.split('\0');
    expect([url, flag, header, dataFlag]).toEqual([
      'http://127.0.0.1:4100/playground/publish',
      '-H',
      'content-type: application/json',
      '-d',
    ]);
    expect(JSON.parse(String(data))).toEqual({ groupId: HOSTILE, data: { text: 'hello' } });
  });
});

test('a message as a publish call is a program, with what differs from the default', () => {
  const event = {
    type: 'message',
    n: 1,
    at: 2,
    groupId: HOSTILE,
    epoch: 'e',
    seq: 3,
    size: 9,
    data: '{"a":1}',
    cut: false,
  } as const;
  expect(parseSync('code.ts', asPublishCall({ ...event, delivery: 'latest', key: HOSTILE })).errors).toEqual([]);
  expect(asPublishCall({ ...event, groupId: 'g', delivery: 'reliable' })).toBe('await gateway.publish("g", {"a":1});');
  expect(asPublishCall({ ...event, groupId: 'g', delivery: 'volatile' })).toBe(
    'await gateway.publish("g", {"a":1}, { delivery: "volatile" });',
  );
  expect(asPublishCall({ ...event, groupId: 'g', cut: true, data: '{"a":' })).toBe(
    'await gateway.publish("g", "{\\"a\\":" /* cut */);',
  );
});
