import { checkedText } from './checks.js';
import { type Context, trim } from './context.js';

/** More than this waits in the socket already: what may be lost is not put behind it. */
const BUFFERED_MAX_BYTES = 262_144;
const KEYS_MAX = 64;
/** Before it is tried again where the socket was busy. */
const RETRY_MS = 100;

/** What it needs of its group. */
export interface SenderHost {
  isOpen(): boolean;
  bufferedBytes(): number;
  send(text: string): boolean;
}

/** Messages of one group that may be lost. Of each key the newest waits. */
export interface Sender {
  /** @throws GatewayClientError `INVALID_DATA` and `TOO_BIG`. */
  send(data: unknown, options?: { key?: string | undefined; sessionId?: string | undefined }): boolean;
  /** Sends what has waited. */
  flush(): void;
  clear(): void;
}

export function createSender(context: Context, groupId: string, host: SenderHost): Sender {
  const latest = new Map<string, string>();
  let isDue = false;
  const goes = (text: string) => host.bufferedBytes() < BUFFERED_MAX_BYTES && host.send(text);
  /** Where the group is not open, its `sync` is waited for instead. */
  const wait = () => {
    if (isDue || !host.isOpen()) return;
    isDue = true;
    context.later(RETRY_MS, () => {
      isDue = false;
      sender.flush();
    });
  };
  const sender: Sender = {
    send(data, { key, sessionId } = {}) {
      const delivery = key === undefined ? 'volatile' : 'latest';
      const { text } = checkedText(context.session, { type: 'data_update', groupId, delivery, key, sessionId }, 'data', data);
      if (key !== undefined) latest.delete(key);
      if (goes(text)) return true;
      if (key !== undefined) {
        latest.set(key, text);
        trim(latest, KEYS_MAX);
        wait();
      }
      return false;
    },
    flush() {
      for (const [key, text] of [...latest]) {
        if (!goes(text)) return wait();
        latest.delete(key);
      }
    },
    clear: () => latest.clear(),
  };
  return sender;
}
