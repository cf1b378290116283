import type { DeliveryMode, SessionMeta } from 'gateway-protocol';

/** What a `data_update` carries to its receivers, `seq` aside. */
export interface DataBody {
  ts: number;
  groupId: string;
  from?: string;
  version?: string;
  sessionId?: string;
  traceId?: string;
  /** As `parseTraceparent` answers it. */
  traceparent?: string;
  id?: string;
  delivery?: DeliveryMode;
  key?: string;
  /** The JSON text of `payload.data`. It must be one whole JSON value: it goes out as it is. */
  dataText: string;
  meta?: SessionMeta;
}

/** A text of its own: one cut out of a client's message keeps all of the message in memory for as long as it is held. */
export function detachedText(text: string): string {
  return Buffer.from(text).toString();
}

/** What JSON escapes in a string (RFC 8259 §7), and lone surrogates. */
const ESCAPED = /["\\\p{Cc}\p{Cs}]/u;

/** A string's JSON text. Ids hardly ever need an escape, and to see that costs less than `JSON.stringify`. */
export function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const TRACEPARENT = '"traceparent":"';

/** Where the last digit of the flags stands in a traceparent, and in a body that has one. */
const FLAGS_END = 54;
const SAMPLED_AT = TRACEPARENT.length + FLAGS_END;
const CODE_OF_A = 0x61;
const CODE_OF_R = 0x72;

/** Whether a digit of flags has `sampled`, by its character's code: that of a decimal digit is odd where the digit is, that of a letter where it is not. */
function saysSampled(code: number): boolean {
  return (code & 1) === (code < CODE_OF_A ? 1 : 0);
}

/** Whether a traceparent, of version `00`, has the flag `sampled`. */
export function isSampled(traceparent: string): boolean {
  return saysSampled(traceparent.charCodeAt(FLAGS_END));
}

/**
 * The traceparent of a body that {@link dataBody} made, where it has one with the flag `sampled`; of the body's bytes, from `start` on.
 * Its text is of pieces still when a message has just come, and V8 would copy them together before it reads one character.
 */
export function sampledTraceparent(bytes: Buffer, start: number): string | undefined {
  // A body begins with `"ts"`, or with `"traceparent"`: two bytes tell of nearly all that they are not sampled.
  if (bytes[start + 2] !== CODE_OF_R || !saysSampled(bytes[start + SAMPLED_AT] as number)) return undefined;
  const text = bytes.toString('latin1', start, start + SAMPLED_AT + 1);
  // A span waits to be exported, and is to keep no more than this.
  return text.startsWith(TRACEPARENT) ? detachedText(text.slice(TRACEPARENT.length)) : undefined;
}

/** The envelope's JSON text after `{"type":"data_update","seq":N,`, see `BrokerMessage.body`. Only these fields are relayed, so none can be forged. */
export function dataBody(body: DataBody): string {
  // First, so that whoever traces finds it without reading the rest.
  let text = body.traceparent === undefined ? '' : `${TRACEPARENT}${body.traceparent}",`;
  text += `"ts":${body.ts},"groupId":${quoted(body.groupId)}`;
  if (body.from !== undefined) text += `,"from":${quoted(body.from)}`;
  if (body.version !== undefined) text += `,"version":${quoted(body.version)}`;
  if (body.sessionId !== undefined) text += `,"sessionId":${quoted(body.sessionId)}`;
  if (body.traceId !== undefined) text += `,"traceId":${quoted(body.traceId)}`;
  if (body.id !== undefined) text += `,"id":${quoted(body.id)}`;
  if (body.delivery !== undefined) text += `,"delivery":"${body.delivery}"`;
  if (body.key !== undefined) text += `,"key":${quoted(body.key)}`;
  const meta = body.meta === undefined ? '' : `,"meta":${JSON.stringify(body.meta)}`;
  return `${text},"payload":{"data":${body.dataText}${meta}}}`;
}
