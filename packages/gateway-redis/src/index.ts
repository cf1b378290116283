export {
  createRedisBackend,
  DEFAULT_REDIS_LIMITS,
  DEFAULT_REDIS_TIMINGS,
  type RedisBackend,
  type RedisBackendEvents,
  type RedisBackendOptions,
  type RedisLimits,
} from './backend.js';
export type { ConnectionState } from './connection-state.js';
export { RedisBackendError, type RedisBackendErrorCode } from './errors.js';
export type { RedisTimings } from './redis-timings.js';
