import { backendOf } from '../../packages/gateway-redis/src/backend.js';
import type { RandomSource } from '../../packages/gateway-redis/src/random-source.js';
import type { Backend, GoesOn } from '../../packages/gateway-sim/src/parts/backend.js';
import type { ReachOptions } from '../../packages/gateway-sim/src/parts/shared-parts.js';
import type { BackendAct } from '../../packages/gateway-sim/src/plan.js';
import type { Random } from '../../packages/gateway-sim/src/random.js';
import type { Surroundings } from '../../packages/gateway-sim/src/surroundings.js';
import { JudgedBroker } from './judged-broker.js';
import { LogTruth } from './model/log-truth.js';
import { RedisModel, type Which } from './model/redis-model.js';
import type { RedisFault } from './redis-plan.js';

/** As `RedisLimits.logMessagesMax` is unless it is said. */
const DEFAULT_LOG_MESSAGES_MAX = 1_024;

/** What gateways of a simulation share: the real `gateway-redis`, over a model of a server. */
export class RedisSimBackend implements Backend {
  readonly #truth: LogTruth;
  readonly #redis: RedisModel;
  readonly #timings: Record<string, number>;

  constructor(private readonly world: Surroundings) {
    const random = world.random.fork('redis');
    this.#truth = new LogTruth((text) => this.#found(text));
    this.#redis = new RedisModel(world.schedule, random, this.#truth);
    // Half of them with the defaults that users have.
    this.#timings = random.chance(0.5)
      ? {}
      : { commandTimeoutMs: 1_000, probeIntervalMs: 1_000, auditIntervalMs: random.pick([2_000, 30_000]), reconnectMaxMs: 1_000 };
  }

  readonly goesOn: GoesOn = (groupId, from, epoch) => this.#truth.goesOn(groupId, from, epoch);

  reach({ process, random }: ReachOptions): ReturnType<Backend['reach']> {
    const { plan } = this.world;
    const { logMessagesMax } = plan.limits;
    const backend = backendOf(
      {
        url: 'redis://model',
        clock: process,
        timings: this.#timings,
        limits: { logMessagesMax },
        logger: loggerOf((text) => this.world.say(process.name, text)),
      },
      { dial: this.#redis.dial(process.name, process), random: sourceOf(random) },
    );
    const judged = new JudgedBroker(this.#truth, {
      logMessagesMax: logMessagesMax ?? DEFAULT_LOG_MESSAGES_MAX,
      found: (text) => {
        if (!process.isDead) this.#found(`${process.name}: ${text}`);
      },
      say: (text) => this.world.say(process.name, text),
    });
    const { broker, presence, members, sessions } = backend.parts;
    return {
      parts: { broker: judged.judge(broker), presence, members, sessions },
      close: () => {
        if (process.isDead) this.#redis.gone(process.name, random.chance(0.3));
        else backend.close();
        for (const key of this.#redis.server?.endlessLogs ?? []) this.#found(`${key} would stay for ever`);
      },
    };
  }

  act({ what, how, gateway, count, forMs }: BackendAct): void {
    const redis = this.#redis;
    const node = `gateway-${gateway + 1}`;
    const which = how as Which;
    const acts: Record<RedisFault, () => void> = {
      cut: () => redis.cut(node, which, count === 1),
      vanish: () => redis.vanish(node, which),
      stall: () => redis.stall(node, which, forMs),
      'cut hearing': () => redis.cut(node, 'hears', true),
      pause: () => redis.pause(forMs),
      slow: () => redis.slow(forMs),
      refuse: () => redis.refuse('refuse', forMs),
      hang: () => redis.refuse('hang', forMs),
      full: () => redis.fill(forMs),
      flush: () => redis.flush(),
      'flush scripts': () => redis.flushScripts(),
      restart: () => redis.restart(count, forMs, forMs / 4),
      'fail over': () => redis.failOver(count, forMs, how === 'said'),
    };
    acts[what as RedisFault]();
  }

  #found(text: string): void {
    this.world.note({ kind: 'found', check: 'redis', text });
  }
}

function sourceOf(random: Random): RandomSource {
  return { id: () => random.id().slice(0, 12), fraction: () => random.next() };
}

function loggerOf(say: (text: string) => void) {
  const log = (text: string, fields: object = {}) => say(`${text} ${JSON.stringify(fields)}`);
  return { debug() {}, info: log, warn: log, error: log };
}
