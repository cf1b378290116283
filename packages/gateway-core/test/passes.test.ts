import { describe, expect, test } from 'vitest';
import { presenceFrame } from '../src/answers.js';
import type { Receiver } from '../src/groups/cursor.js';
import { Group } from '../src/groups/group.js';
import { LogBudget } from '../src/groups/log-budget.js';
import { ReplayPace } from '../src/groups/replay-pace.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { Slices } from '../src/slices.js';
import { FakeClock } from '../src/testing/fake-clock.js';
import { textsOf } from '../src/testing/texts-of.js';

/** A group whose passes go on only as the test says, with members that take everything. */
function groupOf(...names: string[]) {
  const clock = new FakeClock();
  const group = new Group(
    'g',
    { epoch: 'e', seq: 0 },
    {
      limits: DEFAULT_LIMITS,
      budget: new LogBudget(DEFAULT_LIMITS.logBytesTotalMax, () => {}),
      replays: new ReplayPace(clock, new Slices(clock, 0, () => {}), DEFAULT_LIMITS.replayBytesPerSecondMax),
      now: () => 0,
      stamp: () => 0,
      wasReset: () => {},
      logged: () => {},
      dirty: () => {},
      counters: { delivered: 0, resets: 0, gaps: 0, passedOver: 0, lost: 0 },
      failed: () => {},
    },
  );
  const add = () => {
    const told: string[] = [];
    const write = (frames: Buffer) => {
      for (const text of textsOf(frames)) {
        const { type, seq, payload } = JSON.parse(text);
        told.push(type === 'presence_update' ? `presence of ${payload.info.details.members}` : `message ${seq}`);
      }
    };
    const lost = () => {
      told.push('lost');
    };
    const receiver: Receiver = { blocked: false, deflate: false, gone: false, hearsGaps: false, write, lost };
    return { told, membership: group.add(receiver) };
  };
  const announce = (members: number) =>
    group.announce(presenceFrame(0, 'g', { status: 'UP', details: { role: 'app-client', members } }));
  const deliver = (seq: number) => group.deliver({ seq, body: `"payload":{"data":${seq}}}` });
  return { group, add, announce, deliver, members: names.map(add) };
}

describe('in the middle of a pass', () => {
  test('a newer presence takes the place of the older one for those who come later in it', () => {
    const { group, announce, deliver, members } = groupOf('first', 'second', 'third');
    announce(3);
    deliver(1);
    group.step(1);
    announce(4);
    group.flush();
    expect(members[0]?.told).toEqual(['presence of 3', 'message 1', 'presence of 4']);
    for (const { told } of members.slice(1)) expect([...told].sort()).toEqual(['message 1', 'presence of 4']);
  });

  test('who comes in it is not told the presence that its arrival has told it, in whatever order they are written to', () => {
    const { group, add, announce, deliver, members } = groupOf('first', 'second');
    announce(2);
    const late = add();
    deliver(1);
    group.flush();
    expect(late.told).toEqual(['message 1']);
    for (const { told } of members) expect(told).toEqual(['presence of 2', 'message 1']);
  });

  test('one of several that goes leaves the others what they are owed', () => {
    const { group, announce, deliver, members } = groupOf('first', 'second', 'third');
    announce(3);
    deliver(1);
    group.step(1);
    group.remove(members[1]!.membership);
    group.flush();
    expect(members[1]?.told).toEqual(['message 1']);
    expect(members[2]?.told).toEqual(['presence of 3', 'message 1']);
  });
});

test('one of several that goes takes the presence from nobody: who asks for it gets it at once', () => {
  const { group, announce, members } = groupOf('first', 'second');
  announce(2);
  group.flush();
  group.remove(members[0]!.membership);
  expect(group.tell(members[1]!.membership)).toBe(true);
  expect(members[1]?.told).toEqual(['presence of 2', 'presence of 2']);
});

describe('a log that began anew, further back', () => {
  test('gives no memory before it is written, though the old one was written further', () => {
    const { group, add, deliver } = groupOf();
    for (let seq = 1; seq <= 10; seq += 1) deliver(seq);
    group.flush();
    group.reset({ epoch: 'f', seq: 0 });
    const { told } = add();
    for (const seq of [1, 2, 3]) deliver(seq);
    group.giveMemory();
    group.flush();
    expect(told).toEqual(['message 1', 'message 2', 'message 3']);
  });

  test('tells every member of it once, and goes on for who comes after that', () => {
    const { group, add, announce, deliver, members } = groupOf('first', 'second', 'third');
    announce(3);
    deliver(1);
    group.step(1);
    group.reset({ epoch: 'f', seq: 7 });
    // What was accepted before is written first.
    for (const { told } of members) expect(told).toEqual(['presence of 3', 'message 1', 'lost']);
    const { told } = add();
    deliver(8);
    group.flush();
    expect(told).toEqual(['message 8']);
  });
});
