// What planted bugs are hunted with: see packages/gateway-sim/planted.
export { redisPlan as makePlan } from './redis-plan.js';
export { simulateRedis as simulate } from './simulate-redis.js';
