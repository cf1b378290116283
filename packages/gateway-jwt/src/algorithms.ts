/** Signatures with a secret that both sides have (RFC 7518 §3.2), and the shortest secret that each takes, in bytes. */
export const SECRET_BYTES_MIN = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** Signatures of which this side has the public half alone (RFC 7518 §3.3 to §3.5, RFC 8037, RFC 9864). */
export const PUBLIC_KEY_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const;

/** A signature of a secret: one that is checked with what it was made with. */
export type SecretAlgorithm = keyof typeof SECRET_BYTES_MIN;
/** How a token may be signed. `none` is not among them. */
export type JwtAlgorithm = SecretAlgorithm | (typeof PUBLIC_KEY_ALGORITHMS)[number];

export function isSecretAlgorithm(name: unknown): name is SecretAlgorithm {
  return typeof name === 'string' && Object.hasOwn(SECRET_BYTES_MIN, name);
}

export function isPublicKeyAlgorithm(name: unknown): name is (typeof PUBLIC_KEY_ALGORITHMS)[number] {
  return PUBLIC_KEY_ALGORITHMS.some((known) => known === name);
}
