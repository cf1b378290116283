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

/** What is the last digit of flags with `sampled`. */
const SAMPLED = '13579bdf';
/** Where that stands in a body that has a traceparent. */
const SAMPLED_AT = TRACEPARENT.length + 54;

/** Whether a traceparent, of version `00`, has the flag `sampled`. */
export function isSampled(traceparent: string): boolean {
  return SAMPLED.includes(traceparent.charAt(54));
}

/** The traceparent of a body that {@link dataBody} made, where it has one with the flag `sampled`. */
export function sampledTraceparent(body: string): string | undefined {
  if (!body.startsWith(TRACEPARENT) || !SAMPLED.includes(body.charAt(SAMPLED_AT))) return undefined;
  // A span waits to be exported, and is not to keep the message for so long.
  return detachedText(body.slice(TRACEPARENT.length, SAMPLED_AT + 1));
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
