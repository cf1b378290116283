import { expect, test } from 'vitest';
import { FrameReader } from '../../src/workers/frame-reader.js';

function frameOf(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

function framesIn(reader: FrameReader): string[] {
  const frames: string[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame.toString());
  return frames;
}

test('frames come out whole, however they are cut', () => {
  const texts = ['', 'a', 'ключ', 'x'.repeat(300), '', 'z'];
  const bytes = Buffer.concat(texts.map(frameOf));
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new FrameReader();
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      reader.push(bytes.subarray(at, at + size));
      frames.push(...framesIn(reader));
    }
    expect(frames).toEqual(texts);
  }
});

test('a frame stays as it is when more comes', () => {
  const reader = new FrameReader();
  reader.push(frameOf('first'));
  const first = reader.next();
  reader.push(Buffer.concat([frameOf('second'), frameOf('third')]));
  expect(framesIn(reader)).toEqual(['second', 'third']);
  expect(first?.toString()).toBe('first');
});

test('a length that can be none is refused', () => {
  const reader = new FrameReader();
  reader.push(Buffer.from('GET / HTTP/1.1\r\n'));
  expect(() => reader.next()).toThrow('bytes');
});
