import { DEFAULT_LIMITS, systemClock } from 'gateway-core';
import { dataBody } from 'gateway-core/src/data-body.js';
import type { Receiver } from 'gateway-core/src/groups/cursor.js';
import { Group } from 'gateway-core/src/groups/group.js';
import { LogBudget } from 'gateway-core/src/groups/log-budget.js';
import { ReplayPace } from 'gateway-core/src/groups/replay-pace.js';
import { Slices } from 'gateway-core/src/slices.js';
import { SMALL_DATA } from './messages.js';
import { expectEqual, type MicroCase } from './micro-case.js';

/** Counts what is written to it. */
class Sink implements Receiver {
  readonly blocked = false;
  readonly deflate = false;
  readonly gone = false;
  readonly hearsGaps = false;
  bytes = 0;
  write(frames: Buffer): void {
    this.bytes += frames.length;
  }
  lost(): void {
    throw new Error('the log was trimmed before it was flushed');
  }
}

function flushing(messages: number, members: number): MicroCase {
  const count = members.toLocaleString('en-US');
  return {
    name: `flush: ${messages} × 128 B to ${count} member${members === 1 ? '' : 's'}`,
    setUp() {
      const counters = { delivered: 0, resets: 0, gaps: 0, passedOver: 0, lost: 0 };
      const budget = new LogBudget(DEFAULT_LIMITS.logBytesTotalMax, () => {});
      const context = {
        limits: DEFAULT_LIMITS,
        budget,
        replays: new ReplayPace(systemClock, new Slices(systemClock, 0, () => {}), DEFAULT_LIMITS.replayBytesPerSecondMax),
        now: () => 0,
        stamp: () => 0,
        wasReset: () => {},
        logged: () => {},
        dirty: () => {},
        counters,
        failed: () => {},
      };
      const group = new Group('group-1', { epoch: 'epoch', seq: 0 }, context);
      const sinks = Array.from({ length: members }, () => new Sink());
      for (const sink of sinks) group.add(sink);
      const body = dataBody({ ts: 1_700_000_000_000, groupId: 'group-1', from: 'AbCdEfGhIjKlMnOpQrStUv', dataText: SMALL_DATA });
      let seq = 0;
      return {
        run: () => {
          for (let i = 0; i < messages; i++) group.deliver({ seq: ++seq, body });
          group.flush();
        },
        check: () => {
          expectEqual('deliveries', counters.delivered, seq * members);
          for (const { bytes } of sinks) expectEqual('bytes of a member', bytes, sinks[0]!.bytes);
          expectEqual('bytes at all', sinks[0]!.bytes > seq * SMALL_DATA.length, true);
        },
      };
    },
  };
}

/** What has come in during a turn, appended and written to every member: the memory of the sockets is not in it, nor are system calls. */
export const FLUSH_CASES: readonly MicroCase[] = [flushing(1, 1), flushing(1, 1000), flushing(64, 1000)];
