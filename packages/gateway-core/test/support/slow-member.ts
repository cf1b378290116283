import { identify, long, say } from './messages.js';
import { RecordingSocket } from './recording-socket.js';
import { setUp } from './set-up.js';

export const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 3_000 };
/** Nobody is taken for silent. */
export const timings = { heartbeatTimeoutMs: 1_000_000, identifyTimeoutMs: 1_000_000 };

/** A healthy client and one whose network takes nothing, in one group. */
export async function withSlow(options: Parameters<typeof setUp>[0] = {}) {
  const set = setUp(typeof options === 'function' ? options : { limits, timings, ...options });
  const healthy = await set.join('g');
  const slow = new RecordingSocket(set.gateway);
  slow.send(identify('g'));
  await set.clock.advance(1_000);
  slow.stuck = true;
  const sayAndSettle = async (...numbers: number[]) => {
    for (const n of numbers) {
      healthy.send(say(`${n} ${long(1_000)}`));
      await set.clock.settle();
    }
  };
  const numbersOf = (data: unknown[]) => data.map((text) => Number.parseInt(text as string, 10));
  return { ...set, healthy, slow, sayAndSettle, numbersOf };
}

/** The numbers from 0 on. */
export const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
