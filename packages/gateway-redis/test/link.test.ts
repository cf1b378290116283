import { systemClock } from 'gateway-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Link } from '../src/link.js';
import type { Wire } from '../src/wire.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

describe('an error of a command in a script', () => {
  /** As Redis 6.2.16 and 7.0.15 say it. */
  const IN_6_2 = `ERR Error running script (call to f_${'a5'.repeat(20)}): @user_script:123: @user_script: 123: -`;
  const refusing = async (message: string) => {
    const wire: Wire = {
      on: () => {},
      connect: async () => {},
      sendCommand: async () => {
        throw new Error(message);
      },
      subscribe: async () => {},
      unsubscribe: async () => {},
      destroy: () => {},
    };
    return Link.open({ url: 'redis://none', name: 'test', connectTimeoutMs: 3_000, clock: systemClock, dial: () => wire });
  };
  const script = { name: 'test', text: '', sha: '' };

  test.each([
    ['6.2', `${IN_6_2}READONLY You can't write against a read only replica.`],
    ['7.0', "READONLY You can't write against a read only replica. script: f_a5, on @user_script:123."],
  ])('ends the connection where the server takes no writes, in the words of Redis %s', async (_, message) => {
    const one = await refusing(message);
    await expect(one.runScript(script, [])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(one.isDead).toBe(true);
  });

  test('begins with its code in every version', async () => {
    const said = "OOM command not allowed when used memory > 'maxmemory'.";
    const one = await refusing(`${IN_6_2}${said}`);
    await expect(one.runScript(script, [])).rejects.toThrow(new Error(said));
    expect(one.isDead).toBe(false);
  });
});

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

  test('ends when a script is refused because the server has become a replica', async () => {
    const one = await link();
    await one.send(['REPLICAOF', '127.0.0.1', '9']);
    await expect(one.send(['EVAL', "return redis.call('SET', KEYS[1], '1')", '1', 'key'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^READONLY /),
    });
    expect(one.isDead).toBe(true);
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
