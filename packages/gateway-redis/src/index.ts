export {
  createRedisBackend,
  DEFAULT_REDIS_LIMITS,
  DEFAULT_REDIS_TIMINGS,
  type RedisBackend,
  type RedisBackendEvents,
  type RedisBackendOptions,
  type RedisLimits,
} from './backend.js';
export type { ConnectionState, RedisTimings } from './connection.js';
export { RedisBackendError, type RedisBackendErrorCode } from './errors.js';
