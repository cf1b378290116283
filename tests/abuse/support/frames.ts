import { randomBytes } from 'node:crypto';

/** Opcodes of RFC 6455 §5.2. */
export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A client's frame; what is not said is as RFC 6455 asks. */
export interface FrameParts {
  opcode?: number;
  payload?: string | Uint8Array;
  fin?: boolean;
  /** RSV1, RSV2 and RSV3 as one number from 0 to 7. */
  rsv?: number;
  masked?: boolean;
  /** Length to declare instead of the payload's own. */
  declared?: number | bigint;
  /** Bytes to write the length in, where they need not be the fewest: 1, 2 or 8. */
  lengthBytes?: 1 | 2 | 8;
}

/** The bytes of one frame, right or wrong. */
export function frame({ opcode = OPCODE.text, payload = '', fin = true, rsv = 0, masked = true, ...length }: FrameParts): Buffer {
  const body = Buffer.from(payload as string);
  const declared = BigInt(length.declared ?? body.length);
  const lengthBytes = length.lengthBytes ?? (declared < 126n ? 1 : declared < 65_536n ? 2 : 8);
  const header = Buffer.alloc(1 + (lengthBytes === 1 ? 1 : 1 + lengthBytes));
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (lengthBytes === 1 ? Number(declared) : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) header.writeUInt16BE(Number(declared), 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(declared, 2);
  if (!masked) return Buffer.concat([header, body]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, body.map((byte, index) => byte ^ mask[index % 4]!)]);
}

/** A message in one text frame: JSON of a value, or a text as it is. */
export const textOf = (message: unknown): Buffer =>
  frame({ payload: typeof message === 'string' ? message : JSON.stringify(message) });

/** Payload of a close frame (RFC 6455 §5.5.1). */
export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason as string)]);
}

/** A frame of the gateway's. */
export interface ReceivedFrame {
  opcode: number;
  payload: Buffer;
}

/** Reads a server's frames out of a stream of bytes. It takes no wrong ones: the gateway's frames are under test too. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): ReceivedFrame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: ReceivedFrame[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) frames.push(next);
    return frames;
  }

  #next(): ReceivedFrame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const first = bytes[0] as number;
    let length = bytes[1] as number;
    if ((first & 0xf0) !== 0x80 || length > 127)
      throw new Error(`a server does not send ${bytes.subarray(0, 2).toString('hex')}`);
    let start = 2;
    if (length >= 126) {
      start = length === 126 ? 4 : 10;
      if (bytes.length < start) return undefined;
      length = length === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    }
    if (bytes.length < start + length) return undefined;
    this.#bytes = bytes.subarray(start + length);
    return { opcode: first & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}
