import type { BrokerEntry, BrokerMessage, DeliveryMode, LogPosition, PublishedPosition, ResetReason } from 'gateway-core';

/** Changes with what the frames say: a worker of another version than the primary's is refused. */
export const WIRE_VERSION = 1;

/** What a frame is, in its first byte. Texts are UTF-8, what is not at the end has its length in 32 bits before it. */
export const FRAMES = {
  /** To the primary: id (0: nobody waits for an answer), JSON of `[name, ...arguments]`. */
  call: 1,
  /** id, JSON of what was answered, or nothing. */
  answer: 2,
  /** id, why. */
  failure: 3,
  /** To the primary: id, JSON of what is told of the message, body. */
  publish: 4,
  /** id, seq, whether it is a duplicate, epoch. */
  published: 5,
  /** topic, seq, JSON of what is told of the message or nothing, body. */
  entry: 6,
  /** topic, seq, JSON of `[epoch, reason]`. */
  reset: 7,
  /** JSON of the ids of groups whose presence has changed. */
  changed: 8,
  /** JSON of `[nodeId, memberId, generation]`. */
  replaced: 9,
} as const;

/** A frame as long as it can be, and what puts it into a buffer. */
export type Frame = readonly [bytesMax: number, write: (buffer: Buffer, offset: number) => number];

/** A UTF-16 unit is 3 bytes of UTF-8 at most. */
const UNIT_BYTES = 3;
/** More than what stands before the texts. */
const HEAD_BYTES = 32;

const writeText = (buffer: Buffer, text: string, offset: number) => offset + buffer.write(text, offset);

/** A frame of a number and a text: a call, an answer, a failure; with the number 0, a change or a replacement. */
export function textFrame(kind: number, id: number, text: string): Frame {
  return [
    HEAD_BYTES + UNIT_BYTES * text.length,
    (buffer, offset) => writeText(buffer, text, buffer.writeUInt32LE(id, buffer.writeUInt8(kind, offset))),
  ];
}

export function readTextFrame(frame: Buffer): { id: number; text: string } {
  return { id: frame.readUInt32LE(1), text: frame.toString('utf8', 5) };
}

export function publishFrame(id: number, groupId: string, { body, delivery, key, idempotencyKey }: BrokerMessage): Frame {
  const head = JSON.stringify([groupId, delivery, key, idempotencyKey]);
  return [
    HEAD_BYTES + UNIT_BYTES * (head.length + body.length),
    (buffer, offset) => {
      const headAt = buffer.writeUInt32LE(id, buffer.writeUInt8(FRAMES.publish, offset));
      return writeHeadAndBody(buffer, headAt, head, body);
    },
  ];
}

export function readPublishFrame(frame: Buffer): { id: number; groupId: string; message: BrokerMessage } {
  const { head, body } = readHeadAndBody(frame, 5);
  const [groupId, delivery, key, idempotencyKey] = JSON.parse(head) as [string, ...(string | null)[]];
  const message = { body, ...toldOf(delivery, key), idempotencyKey: idempotencyKey ?? undefined };
  return { id: frame.readUInt32LE(1), groupId, message };
}

export function publishedFrame(id: number, { epoch, seq, duplicate }: PublishedPosition): Frame {
  return [
    HEAD_BYTES + UNIT_BYTES * epoch.length,
    (buffer, offset) => {
      const seqAt = buffer.writeUInt32LE(id, buffer.writeUInt8(FRAMES.published, offset));
      const duplicateAt = buffer.writeDoubleLE(seq, seqAt);
      return writeText(buffer, epoch, buffer.writeUInt8(duplicate ? 1 : 0, duplicateAt));
    },
  ];
}

export function readPublishedFrame(frame: Buffer): { id: number; position: PublishedPosition } {
  const position: PublishedPosition = { epoch: frame.toString('utf8', 14), seq: frame.readDoubleLE(5) };
  if (frame[13] === 1) position.duplicate = true;
  return { id: frame.readUInt32LE(1), position };
}

export function entryFrame(topic: number, { seq, body, delivery, key }: BrokerEntry): Frame {
  const head = delivery === undefined && key === undefined ? '' : JSON.stringify([delivery, key]);
  return [
    HEAD_BYTES + UNIT_BYTES * (head.length + body.length),
    (buffer, offset) => {
      const seqAt = buffer.writeDoubleLE(topic, buffer.writeUInt8(FRAMES.entry, offset));
      return writeHeadAndBody(buffer, buffer.writeDoubleLE(seq, seqAt), head, body);
    },
  ];
}

export function readEntryFrame(frame: Buffer): { topic: number; entry: BrokerEntry } {
  const { head, body } = readHeadAndBody(frame, 17);
  const [delivery, key] = head === '' ? [] : (JSON.parse(head) as (string | null)[]);
  return { topic: frame.readDoubleLE(1), entry: { seq: frame.readDoubleLE(9), body, ...toldOf(delivery, key) } };
}

export function resetFrame(topic: number, { epoch, seq }: LogPosition, reason: ResetReason | undefined): Frame {
  const text = JSON.stringify([epoch, reason]);
  return [
    HEAD_BYTES + UNIT_BYTES * text.length,
    (buffer, offset) => {
      const seqAt = buffer.writeDoubleLE(topic, buffer.writeUInt8(FRAMES.reset, offset));
      return writeText(buffer, text, buffer.writeDoubleLE(seq, seqAt));
    },
  ];
}

export function readResetFrame(frame: Buffer): { topic: number; position: LogPosition; reason: ResetReason | undefined } {
  const [epoch, reason] = JSON.parse(frame.toString('utf8', 17)) as [string, ResetReason | null];
  return { topic: frame.readDoubleLE(1), position: { epoch, seq: frame.readDoubleLE(9) }, reason: reason ?? undefined };
}

function writeHeadAndBody(buffer: Buffer, offset: number, head: string, body: string): number {
  const headAt = offset + 4;
  const bodyAt = writeText(buffer, head, headAt);
  buffer.writeUInt32LE(bodyAt - headAt, offset);
  return writeText(buffer, body, bodyAt);
}

function readHeadAndBody(frame: Buffer, offset: number): { head: string; body: string } {
  const headAt = offset + 4;
  const bodyAt = headAt + frame.readUInt32LE(offset);
  return { head: frame.toString('utf8', headAt, bodyAt), body: frame.toString('utf8', bodyAt) };
}

/** JSON has no `undefined`. */
function toldOf(delivery: string | null | undefined, key: string | null | undefined) {
  return { delivery: (delivery ?? undefined) as DeliveryMode | undefined, key: key ?? undefined };
}
