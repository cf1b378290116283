import type { ErrorCode } from './codes.js';
import type { DecodeLimits } from './limits.js';
import type { IncomingFromClient } from './signals.js';

/** What {@link decode} answers. */
export type Decoded =
  | {
      ok: true;
      message: IncomingFromClient;
      /** For a `data_update`: the JSON text of `payload.data` exactly as it was sent, so that a relay need not write it again. */
      dataText?: string;
    }
  | { ok: false; error: { code: ErrorCode; message: string; inReplyTo?: string } };

export declare function decode(text: string, limits?: Partial<DecodeLimits>): Decoded;
