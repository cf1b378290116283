import { shown } from './texts.js';
import type { MessageEvent } from './wire.js';

/** Characters of a message's data that are shown. */
export const DATA_CHARACTERS_MAX = 4 * 1024;

/** Where the fields end and the payload begins. It cannot stand inside a string: there its quotes would be escaped. */
const PAYLOAD = ',"payload":{"data":';

/** What a viewer is shown of a message. Only as much of its text is parsed as is shown. */
export function messageEvent(
  n: number,
  at: number,
  { groupId, epoch, seq, text }: { groupId: string; epoch: string; seq: number; text: string },
): MessageEvent {
  const payloadAt = text.indexOf(PAYLOAD);
  const { from, id, delivery, key, sessionId } = JSON.parse(`${text.slice(0, payloadAt)}}`);
  const dataAt = payloadAt + PAYLOAD.length;
  const dataEnd = text.length - 2 - (text.length - dataAt > 2 * DATA_CHARACTERS_MAX ? 0 : metaLength(text));
  return {
    type: 'message',
    n,
    at,
    groupId,
    epoch,
    seq,
    from,
    id,
    delivery,
    key,
    sessionId,
    size: text.length,
    // Also where it is short, in a text of its own.
    data: Buffer.from(shown(text.slice(dataAt, dataEnd), DATA_CHARACTERS_MAX)).toString(),
    cut: dataEnd - dataAt > DATA_CHARACTERS_MAX,
  };
}

/** The JSON text of the whole data in a message's text, exactly as it was published. */
export function dataOf(text: string): string {
  return text.slice(text.indexOf(PAYLOAD) + PAYLOAD.length, text.length - 2 - metaLength(text));
}

/** Of `,"meta":…` behind the data, as the gateway writes it. */
function metaLength(text: string): number {
  const { meta } = JSON.parse(text).payload;
  return meta === undefined ? 0 : `,"meta":${JSON.stringify(meta)}`.length;
}
