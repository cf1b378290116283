import type { Broker } from 'gateway-core';
import { createRedisBackend } from 'gateway-redis';
import type { Metrics, ResubscribeParams } from '../job.js';
import { RedisProcess } from '../redis-process.js';

/** How long what must come may take. */
const PATIENCE_MS = 60_000;

/**
 * A gateway's connection to Redis is cut, and comes back once a message was published in each of its groups: from when Redis can be reached
 * again until the last message is delivered. The broker alone, without clients.
 */
export async function resubscribe(cores: readonly string[], { groups }: ResubscribeParams): Promise<Metrics> {
  const redis = await RedisProcess.start(cores[0]!);
  let reachable = Promise.resolve();
  const url = async () => {
    await reachable;
    return redis.url;
  };
  const timings = { commandTimeoutMs: PATIENCE_MS, reconnectMaxMs: 40, publishTimeoutMs: PATIENCE_MS };
  const hearing = createRedisBackend({ url, timings });
  const speaking = createRedisBackend({ url: redis.url, timings });
  try {
    await Promise.all([hearing.ready(), speaking.ready()]);
    const ids = Array.from({ length: groups }, (_, i) => `g${i}`);
    let left = groups;
    let allHeard: () => void = () => {};
    const heard = new Promise<void>((resolve) => {
      allHeard = resolve;
    });
    const deliver = () => {
      left -= 1;
      if (left === 0) allHeard();
    };
    const reset = () => {
      throw new Error('nothing of a log is lost here');
    };
    await Promise.all(ids.map((id) => hearing.parts.broker.subscribe(id, { deliver, reset })));
    let release: () => void = () => {};
    reachable = new Promise((resolve) => {
      release = resolve;
    });
    await cut(redis, hearing);
    await publishAll(speaking.parts.broker, ids);
    const start = performance.now();
    release();
    await hearing.ready();
    const connectedMs = performance.now() - start;
    await within(heard);
    return { liveMs: performance.now() - start, connectedMs, groups };
  } finally {
    hearing.close();
    speaking.close();
    await redis.stop();
  }
}

/** Ends all connections to a Redis; the one backend cannot come back before it is let, the other one is there again. */
async function cut(redis: RedisProcess, hearing: ReturnType<typeof createRedisBackend>): Promise<void> {
  const down = new Promise<void>((resolve) => {
    const off = hearing.on('state', ({ state }) => {
      if (state !== 'down') return;
      off();
      resolve();
    });
  });
  await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await down;
}

async function publishAll(broker: Broker, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => broker.publish(id, { body: '"while it was away"' })));
}

function within(promise: Promise<void>): Promise<void> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`not all groups are live within ${PATIENCE_MS} ms`)), PATIENCE_MS).unref();
  });
  return Promise.race([promise, late]);
}
