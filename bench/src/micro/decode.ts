import { type Decoded, decode } from 'gateway-protocol';
import { dataUpdate, LARGE_DATA, LARGE_WIDE_DATA, SMALL_DATA } from './messages.js';
import { expectEqual, type MicroCase } from './micro-case.js';

function decoding(name: string, text: string, ok = true): MicroCase {
  return {
    name: `decode: ${name}`,
    setUp() {
      let decoded: Decoded | undefined;
      return {
        run: () => {
          decoded = decode(text);
        },
        check: () => expectEqual('decoded', decoded?.ok, ok),
      };
    },
  };
}

/** From a client's text to a checked message. */
export const DECODE_CASES: readonly MicroCase[] = [
  decoding('heartbeat', '{"type":"heartbeat","ts":1700000000000}'),
  decoding('data_update, 128 B', dataUpdate(SMALL_DATA)),
  decoding('data_update, 16 KiB', dataUpdate(LARGE_DATA)),
  decoding('data_update, 16 KiB, not ASCII', dataUpdate(LARGE_WIDE_DATA)),
  decoding('refused, an unknown type', '{"type":"subscribe","ts":1700000000000}', false),
];
