import { decode, decodeGatewayMessage, ERROR_CODES } from 'gateway-protocol';
import { afterAll, expect, test } from 'vitest';
import { FULL_MESSAGES } from '../../packages/gateway-protocol/test/messages.js';
import { Random } from '../../packages/gateway-sim/src/random.js';
import { FUZZ_MS, FUZZ_TIMEOUT_MS } from './effort.js';
import { fuzz } from './fuzzer.js';
import { GATEWAY_TEXTS } from './gateway-texts.js';
import { WorkMeter } from './work.js';

const SEED = String(Math.random());
const INPUTS = 300;
/** Each character may be looked at so often, by whichever function, and beside them there is what any message costs. */
const STEPS_PER_CHARACTER = 12;
const STEPS_BASE = 4_000;

const meter = new WorkMeter((url) => url.includes('/gateway-protocol/src/'));
afterAll(() => meter.end());

const PIECES = [
  ...['"', '\\', '\\"', '\\\\', '{', '}', '[', ']', ',', ':', ' ', '\n', '0', '-1', '1e400', 'null', 'true', '{}', '[]', '""'],
  ...['\\u0070ayload', '\\ud800', '\u0000', '\u2028', '😀', '"__proto__":', '"data":', '"payload":{', '"payload":{"data":'],
  ...['"type":"identify",', '"type":"presence",', '"state":', '"resume":{"groups":{', '"since":{"tail":1},', '"members":[{}]'],
];

const isBounded = (text: string, steps: number) =>
  expect(steps, `${steps} steps for ${text.length} characters: ${JSON.stringify(text.slice(0, 500))}`).toBeLessThan(
    STEPS_BASE + STEPS_PER_CHARACTER * text.length,
  );

const run = (name: string, by: Pick<Parameters<typeof fuzz>[0], 'seeds' | 'target' | 'holds'>) => {
  const report = fuzz({ ...by, pieces: PIECES, random: new Random(SEED), meter, inputs: INPUTS, forMs: FUZZ_MS });
  if (FUZZ_MS > 0) console.log(`${name}, seed ${SEED}: ${JSON.stringify(report)}`);
  return report;
};

test(
  'decode answers whatever it is sent, with work in proportion to its length, and accepts again what it has accepted',
  () => {
    let decoded = decode('');
    const report = run('decode', {
      seeds: Object.values(FULL_MESSAGES).map((message) => JSON.stringify(message())),
      target: (text) => {
        decoded = decode(text);
      },
      holds: (text, steps) => {
        isBounded(text, steps);
        if (!decoded.ok) {
          expect(Object.keys(ERROR_CODES), text).toContain(decoded.error.code);
          expect(decoded.error.message.length, text).toBeLessThan(512);
          return;
        }
        const again = decode(JSON.stringify(decoded.message));
        expect(again.ok && JSON.stringify(again.message), text).toBe(JSON.stringify(decoded.message));
        if (decoded.message.type !== 'data_update') return;
        expect(JSON.stringify(JSON.parse(decoded.dataText as string)), text).toBe(JSON.stringify(decoded.message.payload.data));
      },
    });
    expect(report.kept).toBeGreaterThan(20);
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'decodeGatewayMessage answers whatever it is sent, with work in proportion to its length, and what it accepts has what a client relies on',
  () => {
    let decoded = decodeGatewayMessage('');
    const report = run('decodeGatewayMessage', {
      seeds: GATEWAY_TEXTS,
      target: (text) => {
        decoded = decodeGatewayMessage(text);
      },
      holds: (text, steps) => {
        isBounded(text, steps);
        if (!decoded.ok) {
          expect(decoded.error.length, text).toBeLessThan(64);
          return;
        }
        const { message } = decoded;
        if (message === undefined) return;
        expect(message, text).toMatchObject({ type: expect.any(String), payload: expect.any(Object) });
        if (message.type === 'data_update') expect(typeof message.seq, text).toBe('number');
        if (message.type === 'sync') expect(typeof message.payload.epoch, text).toBe('string');
        if (message.type === 'ready') expect(typeof message.payload.heartbeat.intervalMs, text).toBe('number');
        const { members = [] } = message.payload as { members?: { memberId: string }[] };
        for (const { memberId } of members) expect(typeof memberId, text).toBe('string');
      },
    });
    expect(report.kept).toBeGreaterThan(2);
  },
  FUZZ_TIMEOUT_MS,
);

test.each<[what: string, target: (text: string) => void]>([
  ['in a loop', (text) => squares(text)],
  [
    'inside a built-in function',
    (text) => {
      for (let at = 0; at < text.length; at += 1) text.indexOf('nowhere', at);
    },
  ],
])('work that grows with the square of a text, %s, would be noticed', (_what, target) => {
  const here = new WorkMeter((url) => url.includes('/tests/fuzz/decode.test'));
  try {
    const text = 'x'.repeat(2_000);
    expect(() => isBounded(text, here.of(() => target(text)).steps)).toThrow(/steps for 2000 characters/);
  } finally {
    here.end();
  }
});

function squares(text: string): number {
  let same = 0;
  for (const one of text) for (const other of text) if (one === other) same += 1;
  return same;
}
