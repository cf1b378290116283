import { systemClock } from 'gateway-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Link } from '../src/link.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

// Without a server there is nothing to connect to.
describe.skipIf(NO_REDIS)('a connection', () => {
  async function link(): Promise<Link> {
    const redis = await TestRedis.start();
    onTestFinished(() => redis.stop());
    const opened = await Link.open({ url: redis.url, name: 'test', connectTimeoutMs: 3_000, clock: systemClock });
    onTestFinished(() => opened.destroy(new Error('the test is over')));
    return opened;
  }

  test('hears a channel that it subscribes to again before its end was answered', async () => {
    const one = await link();
    const heard: string[] = [];
    let fence: () => void = () => {};
    const fenced = new Promise<void>((resolve) => {
      fence = resolve;
    });
    await one.subscribe(['a'], () => heard.push('the former listener'));
    await one.subscribe(['fence'], () => fence());
    const ending = one.unsubscribe(['a']);
    await one.subscribe(['a'], (payload) => heard.push(payload.toString()));
    await ending;
    await one.send(['PUBLISH', 'a', 'text']);
    await one.send(['PUBLISH', 'fence', '']);
    await fenced;
    expect(heard).toEqual(['text']);
  });

  test('rejects what it was asked and has not answered when it dies, and everything after that', async () => {
    const one = await link();
    const asked = one.send(['BLPOP', 'nothing', '0']);
    one.destroy(new Error('cut'));
    await expect(asked).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
    await expect(one.send(['PING'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await one.dead).message).toBe('cut');
    expect(one.isDead).toBe(true);
  });
});
