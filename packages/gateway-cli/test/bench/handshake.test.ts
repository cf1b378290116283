import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Handshake } from '../../src/bench/generator/handshake.js';

const target = { host: 'gateway.test', port: 4100, path: '/rt', headers: { Origin: 'https://app.test' } };

/** What a server answers to this handshake's key. */
function answer(handshake: Handshake, status = '101 Switching Protocols'): string {
  const key = /Sec-WebSocket-Key: (\S+)/.exec(handshake.request)?.[1];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 ${status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

describe('the opening handshake', () => {
  test('asks for the path with the given headers', () => {
    const { request } = new Handshake(target);
    expect(request).toMatch(/^GET \/rt HTTP\/1\.1\r\nHost: gateway\.test:4100\r\n/);
    expect(request).toContain('\r\nOrigin: https://app.test\r\n');
    expect(request.endsWith('\r\n\r\n')).toBe(true);
  });

  test('says where the first frame begins, however the response is cut', () => {
    const length = answer(new Handshake(target)).length;
    for (let cut = 1; cut < length; cut++) {
      const handshake = new Handshake(target);
      const bytes = Buffer.from(`${answer(handshake)}frames`);
      expect(handshake.push(bytes, cut)).toBe(-1);
      expect(handshake.push(bytes.subarray(cut), bytes.length - cut)).toBe(length - cut);
    }
  });

  test('fails with the status when the upgrade is refused', () => {
    const handshake = new Handshake(target);
    const bytes = Buffer.from(answer(handshake, '503 Service Unavailable'));
    expect(() => handshake.push(bytes, bytes.length)).toThrow('upgrade refused: HTTP/1.1 503 Service Unavailable');
  });

  test('fails when the answer belongs to another key', () => {
    const bytes = Buffer.from(answer(new Handshake(target)));
    expect(() => new Handshake(target).push(bytes, bytes.length)).toThrow('wrong Sec-WebSocket-Accept');
  });

  test('fails when the answer does not end', () => {
    const bytes = Buffer.alloc(20_000, 'x');
    expect(() => new Handshake(target).push(bytes, bytes.length)).toThrow('does not end');
  });
});
