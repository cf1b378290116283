import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/bench/generator/frame-reader.js';
import { encodeFrame, OPCODE } from '../../src/bench/generator/frame-writer.js';
import { Inflater } from '../../src/bench/generator/inflater.js';
import { serverFrame, unmask } from './frames.js';

/** What a reader finds in `bytes` when they come in chunks of `size`. */
function read(bytes: Buffer, size: number, inflater?: Inflater): string[] {
  const found: string[] = [];
  const reader = new FrameReader(
    { onFrame: (opcode, buffer, start, end) => found.push(`${opcode}:${buffer.toString('latin1', start, end)}`) },
    inflater,
  );
  // One buffer for all reads, as the sockets have it: nothing may be kept by reference.
  const shared = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) reader.push(shared, bytes.copy(shared, 0, at, at + size));
  return found;
}

describe('reading server frames', () => {
  const payloads = ['', 'a', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(65_535), 'w'.repeat(65_536), 'last'];
  const stream = Buffer.concat(payloads.map((payload) => serverFrame(payload)));
  const frames = payloads.map((payload) => `1:${payload}`);

  test.each([1, 2, 3, 7, 64, 1000, 65_536, 1 << 20])('finds the same frames in chunks of %i bytes', (size) => {
    expect(read(stream, size)).toEqual(frames);
  });

  test('finds both frames wherever the bytes of two are parted', () => {
    const two = Buffer.concat([serverFrame('first'), serverFrame('second'.repeat(30))]);
    for (let cut = 1; cut < two.length; cut++) {
      const found: string[] = [];
      const reader = new FrameReader({
        onFrame: (_opcode, buffer, start, end) => found.push(buffer.toString('latin1', start, end)),
      });
      reader.push(Buffer.from(two.subarray(0, cut)), cut);
      reader.push(Buffer.from(two.subarray(cut)), two.length - cut);
      expect(found).toEqual(['first', 'second'.repeat(30)]);
    }
  });

  test('reports the opcode of a control frame', () => {
    expect(read(serverFrame('beat', OPCODE.ping), 100)).toEqual(['9:beat']);
  });

  test.each([1, 7, 1 << 20])('inflates what is compressed, among what is not, in chunks of %i bytes', (size) => {
    // More than an inflater remembers, twice.
    const texts = Array.from({ length: 20 }, (_, i) => `${i} `.repeat(400));
    const deflated = texts.map((text) => {
      const frame = serverFrame(deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4));
      frame[0]! |= 0x40;
      return frame;
    });
    const twice = [...deflated, serverFrame('plain'), ...deflated];
    const found = read(Buffer.concat(twice), size, new Inflater());
    expect(found).toEqual([...texts, 'plain', ...texts].map((text) => `1:${text}`));
  });

  test('refuses what is said to be compressed, and is not', () => {
    expect(() => read(Buffer.from([0xc1, 0x02, 0xff, 0xff]), 100, new Inflater())).toThrow('invalid');
  });

  test.each([
    ['a fragment', [0x01, 0x01, 0x61]],
    ['a compressed frame', [0xc1, 0x01, 0x61]],
    ['a masked frame', [0x81, 0x81, 0, 0, 0, 0, 0x61]],
  ])('refuses %s', (_name, bytes) => {
    expect(() => read(Buffer.from(bytes), 100)).toThrow('unexpected frame header');
  });

  test('refuses a frame longer than any gateway sends', () => {
    expect(() => read(Buffer.from([0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0]), 100)).toThrow('frame of');
  });
});

describe('writing client frames', () => {
  test.each([0, 125, 126, 65_535, 65_536])('a payload of %i bytes is masked and can be read back', (length) => {
    const payload = Buffer.alloc(length, 'payload');
    const frame = encodeFrame(OPCODE.text, payload);
    expect(unmask(frame)).toEqual([{ opcode: OPCODE.text, payload: payload.toString() }]);
    if (length > 0) expect(frame.includes(payload)).toBe(false);
  });

  test('each frame has a masking key of its own', () => {
    const keys = Array.from({ length: 2000 }, () => encodeFrame(OPCODE.text, 'x').readUInt32BE(2));
    // 32 random bits: a repeat or two among 2,000 is chance, more is a fault.
    expect(new Set(keys).size).toBeGreaterThan(1990);
  });
});
