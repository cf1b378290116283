/** A token is not good. The message says why, for the log of the host, and has nothing of the token but what is harmless to show. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** No key is known and none can be had: whether a token is good cannot be told. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Reasons by the codes of `jose`. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'expired',
  ERR_JOSE_ALG_NOT_ALLOWED: 'signed in a way that is not allowed',
  ERR_JOSE_NOT_SUPPORTED: 'signed in a way that is not known',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'wrong signature',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown key',
  ERR_JWKS_INVALID: 'the key set is malformed',
  ERR_JWK_INVALID: 'the key is malformed',
  ERR_JWS_INVALID: 'malformed',
  ERR_JWT_INVALID: 'malformed',
};

/** By claim, of those that are there. */
const WRONG_CLAIM: Readonly<Record<string, string>> = { iss: 'wrong issuer', aud: 'wrong audience', nbf: 'not valid yet' };

/** What `jose` has against a token, without a word of the token. */
export function refusalOf(error: unknown): TokenRefused {
  if (error instanceof TokenRefused) return error;
  const { code, claim, reason } = error as { code?: unknown; claim?: unknown; reason?: unknown };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') return new TokenRefused(claimFault(String(claim), String(reason)));
  const known = typeof code === 'string' && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  // Of whatever else, such as a key that is too short, only the kind is told: a message may quote what it is about.
  return new TokenRefused(known ?? `could not be checked (${error instanceof Error ? error.name : typeof error})`);
}

function claimFault(claim: string, reason: string): string {
  if (reason === 'missing') return `claim ${claim}: missing`;
  return (reason === 'check_failed' ? WRONG_CLAIM[claim] : undefined) ?? `claim ${claim}: of a wrong kind`;
}
