import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { createLocalJWKSet } from 'jose';
import { isSecretAlgorithm, SECRET_BYTES_MIN } from './algorithms.js';
import type { FindKey } from './key-source.js';

/** A text holds no key that can be used. The message ends a sentence about where it came from, and has nothing of the key. */
export class UnfitKey extends Error {
  override readonly name = 'UnfitKey';
}

/** One block of PEM (RFC 7468), by its label. */
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
const PUBLIC_LABELS: readonly string[] = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'];
const RSA_BITS_MIN = 2_048;
const PUBLIC_KEYS_MAX = 16;

/**
 * A secret for HMAC.
 * @throws UnfitKey where it is too short for one of the algorithms, or is not meant to be a secret.
 */
export function readSecret(secret: string | Uint8Array, algorithms: readonly string[]): FindKey {
  const bytes = Buffer.from(secret as string);
  // What is public must not become a secret that everybody knows.
  const text = bytes.toString('latin1');
  if (/-----BEGIN |^\s*\{/.test(text)) throw new UnfitKey('must be a secret, not a key or a certificate in PEM or JSON');
  const least = Math.max(...algorithms.filter(isSecretAlgorithm).map((name) => SECRET_BYTES_MIN[name]));
  if (bytes.length < least)
    throw new UnfitKey(`must be a secret of ${least} bytes or more, like that of openssl rand -base64 48`);
  const key = createSecretKey(bytes);
  return async () => key;
}

/**
 * Public keys in PEM, of which any may have signed.
 * @throws UnfitKey where there is none, one that is private, or one that cannot be used.
 */
export function readPublicKeys(pem: string): FindKey {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(pem)) throw new UnfitKey('must have public keys, and no private one');
  const blocks = [...pem.matchAll(PEM)];
  if (blocks.length === 0) throw new UnfitKey('must have a public key in PEM');
  if (blocks.length > PUBLIC_KEYS_MAX) throw new UnfitKey(`must have at most ${PUBLIC_KEYS_MAX} public keys`);
  const keys = blocks.map(([block, label = '']) => jwkOf(block, label));
  let find: ReturnType<typeof createLocalJWKSet> | undefined;
  return async ({ alg }) => {
    const jose = await import('jose');
    find ??= jose.createLocalJWKSet({ keys });
    // Keys in PEM have no ids, so whichever the token names, all that can have signed it so are tried.
    return find({ alg });
  };
}

function jwkOf(block: string, label: string) {
  if (!PUBLIC_LABELS.includes(label)) throw new UnfitKey('must have public keys in PEM, and nothing else');
  let key: KeyObject;
  try {
    key = createPublicKey(block);
  } catch {
    throw new UnfitKey('must have public keys in PEM, of which one cannot be read');
  }
  const { asymmetricKeyType: type = '', asymmetricKeyDetails } = key;
  if (!['rsa', 'ec', 'ed25519'].includes(type)) throw new UnfitKey(`must have keys of RSA, EC or Ed25519, not ${type}`);
  if (type === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS_MIN) {
    throw new UnfitKey(`must have RSA keys of ${RSA_BITS_MIN} bits or more`);
  }
  const { kty, ...rest }: JsonWebKey = key.export({ format: 'jwk' });
  return { ...rest, kty: kty as string };
}
