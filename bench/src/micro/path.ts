import { type Clock, createGateway, systemClock } from 'gateway-core';
import { SinkSocket } from '../sink-socket.js';
import { dataUpdate, LARGE_DATA, SMALL_DATA } from './messages.js';
import { expectEqual, type MicroCase } from './micro-case.js';

/** Turns of the event loop that end when they are told to. */
class Turns {
  private readonly tasks: (() => void)[] = [];
  readonly clock: Clock = { ...systemClock, setImmediate: (task) => void this.tasks.push(task) };
  end(): void {
    for (let i = 0; i < this.tasks.length; i++) this.tasks[i]!();
    this.tasks.length = 0;
  }
}

const HOUR_MS = 3_600_000;

function passing(name: string, dataText: string, members: number): MicroCase {
  const count = members.toLocaleString('en-US');
  return {
    name: `message to flush: ${name}, group of ${count}`,
    async setUp() {
      const turns = new Turns();
      const gateway = createGateway({
        clock: turns.clock,
        // Everything is on and counted; one publisher at full rate, and receivers that say nothing, are only not sent away.
        limits: { messagesPerSecondMax: 1e9, messagesBurst: 1e9, bytesPerSecondMax: 1e12, bytesBurst: 1e12 },
        timings: { heartbeatTimeoutMs: HOUR_MS },
      });
      const sinks = Array.from({ length: members }, () => new SinkSocket());
      const identify = '{"type":"identify","payload":{"clientType":"app-client","groupId":"group-1"}}';
      for (const sink of sinks) {
        gateway.accept(sink, { remoteAddress: '127.0.0.1' });
        sink.listener.message(identify, identify.length);
      }
      // What comes behind an identify waits for its promise.
      await new Promise((resolve) => setImmediate(resolve));
      turns.end();
      expectEqual('members', gateway.groups()[0]?.connections, members);
      const text = dataUpdate(dataText);
      const byteLength = Buffer.byteLength(text);
      const [publisher] = sinks as [SinkSocket, ...SinkSocket[]];
      let runs = 0;
      return {
        run: () => {
          runs++;
          publisher.listener.message(text, byteLength);
          turns.end();
        },
        check: () => {
          expectEqual('deliveries', gateway.stats().deliveredTotal, runs * members);
          expectEqual('errors', gateway.stats().errorsSentTotal, 0);
          for (const { bytes } of sinks) expectEqual('enough bytes for a member', bytes > runs * byteLength, true);
        },
      };
    },
  };
}

/** The whole way of a message through the gateway, with everything on, but for the transport: from the text to the write. */
export const PATH_CASES: readonly MicroCase[] = [
  passing('128 B', SMALL_DATA, 1),
  passing('128 B', SMALL_DATA, 1000),
  passing('16 KiB', LARGE_DATA, 1),
];
