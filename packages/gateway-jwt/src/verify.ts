import type { Clock } from 'gateway-core';
import type { JWTPayload } from 'jose';
import type { FindKey } from './key-source.js';

export interface VerifyOptions {
  issuer: string[] | undefined;
  audience: string[] | undefined;
  algorithms: readonly string[];
  clockToleranceMs: number;
  clock: Clock;
}

/** Checks a token's signature and its registered claims; `sub` and `exp` must be there. @returns its claims. Rejects as `jose` does. */
export async function verify(token: string, find: FindKey, options: VerifyOptions): Promise<JWTPayload> {
  const { jwtVerify, errors } = await import('jose');
  const { issuer, audience, algorithms, clockToleranceMs, clock } = options;
  const settings = {
    algorithms: [...algorithms],
    ...(issuer && { issuer }),
    ...(audience && { audience }),
    clockTolerance: clockToleranceMs / 1_000,
    requiredClaims: ['sub', 'exp'],
  };
  try {
    return (await jwtVerify(token, find, { ...settings, currentDate: new Date(clock.now()) })).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, { ...settings, currentDate: new Date(clock.now()) })).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
