import type { JSONWebKeySet } from 'jose';

interface FetchOptions {
  bytesMax: number;
  signal: AbortSignal;
}

/**
 * Gets a key set over HTTP. Redirects are not followed: whoever answers at the address that the host named is who is trusted.
 * @throws Error (by rejection) whose message says why there is none.
 */
export async function fetchKeySet(url: string, { bytesMax, signal }: FetchOptions): Promise<JSONWebKeySet> {
  const response = await fetch(url, { redirect: 'error', headers: { accept: 'application/json' }, signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it was answered ${response.status}`);
  }
  const text = await textOf(response, bytesMax);
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
  const keys = (set as Partial<JSONWebKeySet> | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('the answer is not a key set with a key in it');
  return set as JSONWebKeySet;
}

async function textOf(response: Response, bytesMax: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Why a request has failed, in one line: Node says of all that goes wrong on the way "fetch failed", and has the cause beside it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? cause.message;
}
