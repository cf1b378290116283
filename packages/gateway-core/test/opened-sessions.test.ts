import { describe, expect, test } from 'vitest';
import { OpenedSessions } from '../src/sessions/opened-sessions.js';

function opened(sessionsPerOwnerMax = 1, bytesMax = 1_000_000) {
  let now = 0;
  const sessions = new OpenedSessions({ ttlMs: 1_000, sessionsPerOwnerMax, bytesMax, now: () => now });
  const pass = (ms: number) => {
    now += ms;
  };
  return { sessions, pass };
}

describe('who has opened a session', () => {
  test('has room again when somebody else has opened it anew after its end, before that was swept up', () => {
    const { sessions, pass } = opened();
    const [ada, bob] = [{}, {}];
    sessions.add('g', 's', ada);
    pass(1_000);
    expect(sessions.named('g', 's')).toBe(false);
    sessions.add('g', 's', bob);
    for (const _cost of sessions.sweep());
    expect([sessions.hasRoom(ada), sessions.hasRoom(bob)]).toEqual([true, false]);
    pass(1_000);
    for (const _cost of sessions.sweep());
    expect([sessions.hasRoom(ada), sessions.hasRoom(bob)]).toEqual([true, true]);
  });

  test('has not opened another one whose ids only look alike side by side', () => {
    const { sessions } = opened(10);
    sessions.add('a', 'bc', {});
    expect(sessions.named('ab', 'c')).toBe(false);
    expect(sessions.named('', 'abc')).toBe(false);
    expect(sessions.named('a', 'bc')).toBe(true);
  });

  test('again and again after its end takes no more memory than once', () => {
    const { sessions, pass } = opened(Number.MAX_SAFE_INTEGER, 2_000);
    for (let n = 0; n < 100; n += 1) {
      expect(sessions.hasRoom({})).toBe(true);
      sessions.add('g', 's', {});
      pass(1_000);
    }
  });
});
