import { checkId, isObject, type JsonObject, own } from './checks.js';
import type { IncomingFromClient } from './client-signals.js';
import type { ErrorCode } from './codes.js';
import { type DecodeLimits, PROTOCOL_LIMITS } from './limits.js';
import { findIdText, scan } from './scan.js';
import { copyEnvelope, SIGNAL_COPIERS, type SignalTexts } from './signal-fields.js';

/** What {@link decode} answers. */
export type Decoded =
  | {
      ok: true;
      message: IncomingFromClient;
      /**
       * For a `data_update`, and always there for one: the JSON text of `payload.data` exactly as it was sent, so that a relay need not
       * write it again. It is one complete JSON value, whatever the client did with duplicate keys, escapes or white space.
       */
      dataText?: string | undefined;
      /** For an `identify` with `metadata`: its JSON text, without white space. Passed on and kept, it is smaller than the value. */
      metadataText?: string | undefined;
      /** For a `presence`, and always there for one: the JSON text of its `state`, without white space. */
      stateText?: string | undefined;
    }
  | { ok: false; error: { code: ErrorCode; message: string; inReplyTo?: string | undefined } };

/** Longest part of an unknown `type` that an error quotes. */
const TYPE_QUOTED_MAX = 64;

/**
 * Reads one text message of a client. It never throws, whatever the text holds, and never converts: `["g"]` is no group id
 * and `null` is not an absent field. The message is a fresh object of the fields that the contract knows; anything else that
 * was sent, `seq` and `from` included, is left behind. What an error says is short and names the field.
 *
 * All six signals are read whatever the dialect; which of them a connection may use is the gateway's to decide.
 * The text's length is not looked at: a gateway refuses a long message before it decodes it (close 1009).
 *
 * @param limits - where absent, those of {@link PROTOCOL_LIMITS}; `Infinity` switches one off
 * @example
 * decode('{"type":"heartbeat"}'); // { ok: true, message: { type: 'heartbeat' } }
 * decode('{"type":"heartbeat","id":"7","groupId":["g"]}');
 * // { ok: false, error: { code: 'INVALID_ENVELOPE', message: 'groupId: must be a string of 1 to 128 characters', inReplyTo: '7' } }
 */
export function decode(text: string, limits?: { [Name in keyof DecodeLimits]?: DecodeLimits[Name] | undefined }): Decoded {
  if (typeof text !== 'string') return refuse('BAD_JSON', 'the message is not text');
  const depthMax = limits?.jsonDepthMax ?? PROTOCOL_LIMITS.jsonDepthMax;
  const { tooDeep, dataText } = scan(text, depthMax);
  if (tooDeep) return refuse('INVALID_ENVELOPE', `nested deeper than ${depthMax} levels`, { id: idOf(text) });
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    return refuse('BAD_JSON', 'the message is not JSON');
  }
  if (!isObject(sent)) return refuse('INVALID_ENVELOPE', 'the message must be a JSON object');
  const type = own(sent, 'type');
  if (typeof type !== 'string') return refuse('INVALID_ENVELOPE', 'type: must be a string', sent);
  const copySignal = SIGNAL_COPIERS.get(type);
  if (copySignal === undefined) return refuse('UNKNOWN_TYPE', `type: ${quote(type)} is not known`, sent);
  const fresh: JsonObject = { type };
  const envelopeFault = copyEnvelope(sent, fresh);
  if (envelopeFault !== undefined) return refuse('INVALID_ENVELOPE', envelopeFault, sent);
  const texts: SignalTexts = {
    metadataBytesMax: limits?.metadataBytesMax ?? PROTOCOL_LIMITS.metadataBytesMax,
    presenceStateBytesMax: limits?.presenceStateBytesMax ?? PROTOCOL_LIMITS.presenceStateBytesMax,
  };
  const fault = copySignal(sent, fresh, texts);
  if (fault !== undefined) return refuse(type === 'identify' ? 'INVALID_IDENTIFY' : 'INVALID_ENVELOPE', fault, sent);
  const message = fresh as unknown as IncomingFromClient;
  if (message.type === 'data_update') return { ok: true, message, dataText };
  if (message.type === 'presence') return { ok: true, message, stateText: texts.stateText };
  return texts.metadataText === undefined ? { ok: true, message } : { ok: true, message, metadataText: texts.metadataText };
}

/** Of a message that is not parsed. */
function idOf(text: string): unknown {
  try {
    return JSON.parse(findIdText(text) ?? 'null');
  } catch {
    return undefined;
  }
}

function refuse(code: ErrorCode, message: string, sent?: JsonObject): Decoded {
  const id = sent && own(sent, 'id');
  const inReplyTo = checkId(id) === undefined ? { inReplyTo: id as string } : undefined;
  return { ok: false, error: { code, message, ...inReplyTo } };
}

function quote(type: string): string {
  return JSON.stringify(type.length > TYPE_QUOTED_MAX ? `${type.slice(0, TYPE_QUOTED_MAX)}…` : type);
}
