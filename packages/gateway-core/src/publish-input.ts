import { type DataUpdateSignal, decode } from 'gateway-protocol';
import { GatewayError } from './errors.js';
import type { PublishOptions } from './gateway.js';
import type { Limits } from './limits.js';

/** What `publish` takes; anything else is a slip of the pen that would be lost without a word. */
const PUBLISH_OPTIONS: ReadonlySet<string> = new Set<keyof PublishOptions>([
  'sessionId',
  'meta',
  'traceId',
  'traceparent',
  'id',
  'delivery',
  'key',
]);

/** What a host publishes, checked. */
export type CheckedPublish = PublishOptions & { dataText: string };

/**
 * What a host publishes, checked.
 * @throws GatewayError `INVALID_ARGUMENT`, `MESSAGE_TOO_BIG`.
 */
export function checkPublish(
  groupId: string,
  data: unknown,
  options: PublishOptions,
  { messageBytesMax }: Pick<Limits, 'messageBytesMax'>,
): CheckedPublish {
  if (typeof options !== 'object' || options === null) throw new GatewayError('INVALID_ARGUMENT', 'options: must be an object');
  const unknown = Object.keys(options).find((name) => !PUBLISH_OPTIONS.has(name));
  if (unknown !== undefined) throw new GatewayError('INVALID_ARGUMENT', `options.${unknown}: is not an option`);
  const { sessionId, traceId, traceparent, id, delivery, key } = options;
  const dataText = stringify(data);
  if (Buffer.byteLength(dataText) > messageBytesMax) {
    throw new GatewayError('MESSAGE_TOO_BIG', `data: over limits.messageBytesMax (${messageBytesMax})`);
  }
  // The same check as for a client's message, so that nobody receives what the contract does not allow.
  const checked = decode(
    stringify({
      type: 'data_update',
      groupId,
      sessionId,
      traceId,
      traceparent,
      id,
      delivery,
      key,
      payload: { data: null, meta: options.meta },
    }),
  );
  if (!checked.ok) throw new GatewayError('INVALID_ARGUMENT', checked.error.message);
  if (typeof groupId !== 'string') throw new GatewayError('INVALID_ARGUMENT', 'groupId: must be a string');
  // As decoded: what the contract does not know is left behind.
  const { payload, traceparent: read } = checked.message as DataUpdateSignal;
  // A client's is passed over where it is none; a host can be told.
  if (traceparent !== undefined && read === undefined) {
    throw new GatewayError('INVALID_ARGUMENT', 'traceparent: must be one of W3C Trace Context');
  }
  return { sessionId, traceId, traceparent: read, id, delivery, key, meta: payload.meta, dataText };
}

/** @throws GatewayError `INVALID_ARGUMENT` for what JSON cannot say. */
function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new GatewayError('INVALID_ARGUMENT', 'data: must be a JSON value', { cause });
  }
  if (text === undefined) throw new GatewayError('INVALID_ARGUMENT', 'data: must be a JSON value');
  return text;
}
