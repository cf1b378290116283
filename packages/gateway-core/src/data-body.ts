import type { DeliveryMode, SessionMeta } from 'gateway-protocol';

/** What a `data_update` carries to its receivers, `seq` aside. */
export interface DataBody {
  ts: number;
  groupId: string;
  from?: string;
  version?: string;
  sessionId?: string;
  traceId?: string;
  id?: string;
  delivery?: DeliveryMode;
  key?: string;
  /** The JSON text of `payload.data`. It must be one whole JSON value: it goes out as it is. */
  dataText: string;
  meta?: SessionMeta;
}

/** The envelope's JSON text after `{"type":"data_update","seq":N,`, see `BrokerMessage.body`. Only these fields are relayed, so none can be forged. */
export function dataBody(body: DataBody): string {
  let text = `"ts":${body.ts},"groupId":${JSON.stringify(body.groupId)}`;
  if (body.from !== undefined) text += `,"from":${JSON.stringify(body.from)}`;
  if (body.version !== undefined) text += `,"version":${JSON.stringify(body.version)}`;
  if (body.sessionId !== undefined) text += `,"sessionId":${JSON.stringify(body.sessionId)}`;
  if (body.traceId !== undefined) text += `,"traceId":${JSON.stringify(body.traceId)}`;
  if (body.id !== undefined) text += `,"id":${JSON.stringify(body.id)}`;
  if (body.delivery !== undefined) text += `,"delivery":"${body.delivery}"`;
  if (body.key !== undefined) text += `,"key":${JSON.stringify(body.key)}`;
  const meta = body.meta === undefined ? '' : `,"meta":${JSON.stringify(body.meta)}`;
  return `${text},"payload":{"data":${body.dataText}${meta}}}`;
}
