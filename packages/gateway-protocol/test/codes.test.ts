import { CLOSE_CODES, closeAction, ERROR_CODES } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';

test('closeAction answers for every code that the gateway sends what the table says', () => {
  for (const { code, action } of Object.values(CLOSE_CODES)) expect(closeAction(code), String(code)).toBe(action);
});

test.each([
  [4000, 'stop'],
  [4099, 'stop'],
  [4100, 'back-off'],
  [4199, 'back-off'],
  [4200, 'resume'],
  [4299, 'resume'],
])('a code to come is understood by its hundreds: %i %s', (code, action) => {
  expect(closeAction(code)).toBe(action);
});

test.each([0, 999, 1004, 1005, 1006, 1010, 1011, 1014, 1015, 3000, 3999, 4300, 4399, 4400, 4999, 5000, Number.NaN])(
  'after %i, which the contract does not name, a client reconnects',
  (code) => {
    expect(closeAction(code)).toBe('reconnect');
  },
);

describe('the tables', () => {
  test('no close code stands twice, and each may be sent in a close frame', () => {
    const codes = Object.values(CLOSE_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    // RFC 6455 §7.4.1 keeps these three for ends without a close frame.
    for (const code of codes) expect([1005, 1006, 1015]).not.toContain(code);
  });

  test('each meaning fits into a close frame as its reason', () => {
    // RFC 6455 §5.5: a control frame carries 125 bytes, of which the code takes two.
    for (const { code, meaning } of Object.values(CLOSE_CODES))
      expect(Buffer.byteLength(meaning), String(code)).toBeLessThanOrEqual(123);
  });

  test('every error has a status of HTTP, and only 429 and 500 may be tried again', () => {
    for (const [code, { status, retryable }] of Object.entries(ERROR_CODES)) {
      expect([400, 401, 403, 429, 500], code).toContain(status);
      expect(retryable, code).toBe(status === 429 || status === 500);
    }
  });
});
