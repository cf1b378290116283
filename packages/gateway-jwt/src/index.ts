export type { JwtAlgorithm, SecretAlgorithm } from './algorithms.js';
export type { Grants } from './grants.js';
export { type JwtAuthentication, jwtAuthenticate } from './jwt-authenticate.js';
export { DEFAULT_JWT_LIMITS, DEFAULT_JWT_TIMINGS, type JwtLimits, type JwtOptions, type JwtTimings } from './options.js';
