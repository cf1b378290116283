import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock } from 'gateway-core/testing';
import { type JwtOptions, jwtAuthenticate } from 'gateway-jwt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, ec, Log, rsa, tokenOf } from './asking.js';

/** An issuer whose keys a test changes. */
class Issuer {
  keys: unknown[] = [];
  requests = 0;
  answer: RequestListener | undefined;
  /** With each request. */
  asked = () => {};
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/jwks.json?client=secret#secret`;
  }

  /** The url as it may be logged. */
  get shown(): string {
    return `http://127.0.0.1:${this.#port}/jwks.json?***`;
  }

  async open(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      this.asked();
      response.setHeader('connection', 'close');
      if (this.answer !== undefined) this.answer(request, response);
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = this.#server && once(this.#server, 'close');
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    await closed;
  }
}

const jwkOf = (key: KeyObject, kid?: string) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' });
const [one, two] = [rsa(), ec()];
const ONE = { alg: 'RS256', kid: 'one' };
const TWO = { alg: 'ES256', kid: 'two' };
const byOne = () => tokenOf({ aud: 'rt' }, one.privateKey, ONE);
const byTwo = () => tokenOf({ aud: 'rt' }, two.privateKey, TWO);

let issuer: Issuer;
let clock: FakeClock;
let log: Log;
beforeEach(async () => {
  issuer = new Issuer();
  issuer.keys = [jwkOf(one.publicKey, 'one')];
  clock = new FakeClock();
  log = new Log();
  await issuer.open();
});
afterEach(() => issuer.close());

const fromIssuer = (options: Partial<JwtOptions> = {}) =>
  jwtAuthenticate({ jwksUrl: issuer.url, audience: 'rt', clock, logger: log, ...options });
const ada = expect.objectContaining({ principal: 'ada' });

test('the keys are asked for once, when the first tokens come', async () => {
  const jwt = fromIssuer();
  expect(issuer.requests).toBe(0);
  const token = await byOne();
  expect(await Promise.all([ask(jwt, token), ask(jwt, token)])).toEqual([ada, ada]);
  await clock.advance(599_999);
  expect(await ask(jwt, token)).toEqual(ada);
  expect(issuer.requests).toBe(1);
  await clock.advance(1);
  expect(await ask(jwt, token)).toEqual(ada);
  expect(issuer.requests).toBe(2);
  expect(log.lines).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

test('of a key of the set that cannot be used the log has the kind of the fault alone', async () => {
  issuer.keys = [jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey, 'one')];
  expect(await ask(fromIssuer(), await byOne())).toBe(false);
  expect(log.reasons).toEqual(['could not be checked (TypeError)']);
});

test('a key that is withdrawn is no longer good once the set is asked for again', async () => {
  const jwt = fromIssuer();
  expect(await ask(jwt, await byOne())).toEqual(ada);
  issuer.keys = [jwkOf(two.publicKey, 'two')];
  expect(await ask(jwt, await byOne())).toEqual(ada);
  await clock.advance(600_000);
  expect(await ask(jwt, await byOne())).toBe(false);
  expect(log.reasons).toEqual(['unknown key one']);
});

describe('rotation', () => {
  test('a token of a new key has the set asked for, within the cooldown once', async () => {
    const jwt = fromIssuer();
    expect(await ask(jwt, await byTwo())).toBe(false);
    expect(issuer.requests).toBe(1);
    issuer.keys.push(jwkOf(two.publicKey, 'two'));
    await clock.advance(29_999);
    for (let i = 0; i < 50; i++) expect(await ask(jwt, await byTwo())).toBe(false);
    expect(issuer.requests).toBe(1);
    await clock.advance(1);
    expect(await Promise.all([ask(jwt, await byTwo()), ask(jwt, await byOne()), ask(jwt, await byTwo())])).toEqual([
      ada,
      ada,
      ada,
    ]);
    expect(issuer.requests).toBe(2);
    expect(new Set(log.reasons)).toEqual(new Set(['unknown key two']));
  });

  test('an id that nobody should write into a log is left out', async () => {
    const jwt = fromIssuer();
    for (const kid of ['\u001b[2J', 'x'.repeat(65), '']) {
      expect(await ask(jwt, await tokenOf({ aud: 'rt' }, two.privateKey, { alg: 'ES256', kid }))).toBe(false);
    }
    expect(log.reasons).toEqual(['unknown key', 'unknown key', 'unknown key']);
  });

  test('a token without an id is tried with every key of its kind', async () => {
    const third = rsa();
    issuer.keys = [jwkOf(one.publicKey), jwkOf(third.publicKey, 'three'), jwkOf(two.publicKey)];
    const jwt = fromIssuer();
    expect(await ask(jwt, await tokenOf({ aud: 'rt' }, third.privateKey, { alg: 'RS256' }))).toEqual(ada);
    expect(await ask(jwt, await tokenOf({ aud: 'rt' }, two.privateKey, { alg: 'ES256' }))).toEqual(ada);
    expect(await ask(jwt, await tokenOf({ aud: 'rt' }, rsa().privateKey, { alg: 'RS256' }))).toBe(false);
    expect(await ask(jwt, await tokenOf({ aud: 'x' }, third.privateKey, { alg: 'RS256' }))).toBe(false);
    expect(log.reasons).toEqual(['wrong signature', 'wrong audience']);
  });

  test('reload asks at once', async () => {
    const jwt = fromIssuer();
    await ask(jwt, await byOne());
    issuer.keys = [jwkOf(two.publicKey, 'two')];
    await jwt.reload();
    expect(await ask(jwt, await byTwo())).toEqual(ada);
    expect(await ask(jwt, await byOne())).toBe(false);
  });
});

test('a secret in a key set, and a key for another use, are no keys', async () => {
  const secret = Buffer.from('s'.repeat(48));
  issuer.keys = [
    { kty: 'oct', k: secret.toString('base64url'), kid: 'one' },
    { ...jwkOf(one.publicKey, 'one'), use: 'enc' },
  ];
  const jwt = fromIssuer();
  expect(await ask(jwt, await tokenOf({ aud: 'rt' }, secret.toString(), { alg: 'HS256', kid: 'one' }))).toBe(false);
  expect(await ask(jwt, await byOne())).toBe(false);
  expect(log.reasons).toEqual(['signed in a way that is not allowed', 'unknown key one']);
});

test('a private key that was published by mistake is none, and neither is one that is too short', async () => {
  issuer.keys = [jwkOf(one.privateKey, 'one'), { kty: 'RSA', kid: 'two', n: 'AQAB', e: 'AQAB' }];
  const jwt = fromIssuer();
  expect(await ask(jwt, await byOne())).toBe(false);
  expect(await ask(jwt, await tokenOf({ aud: 'rt' }, one.privateKey, { alg: 'RS256', kid: 'two' }))).toBe(false);
  expect(log.reasons).toHaveLength(2);
});

describe('while the key set cannot be had', () => {
  const away = 'the key set cannot be had: the keys that are known stay in use';

  test('the keys that are known stay in use, which is said once, and its end too', async () => {
    const jwt = fromIssuer();
    await ask(jwt, await byOne());
    await issuer.close();
    const asked = async (times: number) => {
      for (let i = 0; i < times; i++) {
        await clock.advance(5_000);
        expect(await ask(jwt, await byOne())).toEqual(ada);
        // Waits for the attempt that nobody has waited for: time must not overtake it.
        await jwt.reload();
      }
    };
    expect(jwt.problem).toBeUndefined();
    await clock.advance(600_000);
    await asked(5);
    expect(jwt.problem).toBe('ECONNREFUSED');
    expect(log.lines).toEqual([['warn', away, { url: issuer.shown, problem: 'ECONNREFUSED' }]]);

    await issuer.open();
    await asked(2);
    expect(jwt.problem).toBeUndefined();
    expect(log.lines.slice(1)).toEqual([['info', 'the key set is there again', { url: issuer.shown, keys: 1 }]]);
  });

  test('nobody who can be answered waits for it, and it is asked again after a pause alone', async () => {
    const jwt = fromIssuer();
    await ask(jwt, await byOne());
    issuer.answer = (_, response) => void response.writeHead(500).end();
    await jwt.reload();
    expect(issuer.requests).toBe(2);
    await clock.advance(600_000);
    // It does not answer at all.
    issuer.answer = () => {};
    const reached = new Promise<void>((resolve) => {
      issuer.asked = resolve;
    });
    for (let i = 0; i < 5; i++) expect(await ask(jwt, await byOne())).toEqual(ada);
    await reached;
    expect(issuer.requests).toBe(3);
    expect(log.lines).toEqual([['warn', away, { url: issuer.shown, problem: 'it was answered 500' }]]);
    jwt.close();
  });

  test('a token of a key that is not known is refused', async () => {
    const jwt = fromIssuer();
    await ask(jwt, await byOne());
    await issuer.close();
    await clock.advance(30_000);
    expect(await ask(jwt, await byTwo())).toBe(false);
    expect(log.reasons).toEqual(['unknown key two']);
  });

  test('and none is known, the hook rejects: nobody can say that a token is bad', async () => {
    await issuer.close();
    const jwt = fromIssuer();
    const refused = `the key set of ${issuer.shown} cannot be had: ECONNREFUSED`;
    for (let i = 0; i < 3; i++) await expect(ask(jwt, await byOne())).rejects.toThrow(refused);
    expect(jwt.problem).toBe('ECONNREFUSED');
    expect(log.lines).toEqual([
      ['warn', 'the key set cannot be had: nobody can be let in', { url: issuer.shown, problem: 'ECONNREFUSED' }],
    ]);
    await issuer.open();
    await expect(ask(jwt, await byOne())).rejects.toThrow(refused);
    await clock.advance(5_000);
    expect(await ask(jwt, await byOne())).toEqual(ada);
  });

  test('an answer that does not end in time is none', async () => {
    issuer.answer = (_, response) => void response.write('{"keys":');
    const reached = new Promise<void>((resolve) => {
      issuer.asked = resolve;
    });
    const jwt = fromIssuer();
    const asked = ask(jwt, await byOne());
    const refused = expect(asked).rejects.toThrow('cannot be had: no answer in time');
    await reached;
    await clock.advance(3_000);
    await refused;
    expect(clock.pendingTimers).toBe(0);
  });

  test('close ends what is asked for, without a word', async () => {
    issuer.answer = () => {};
    const reached = new Promise<void>((resolve) => {
      issuer.asked = resolve;
    });
    const jwt = fromIssuer();
    const asked = ask(jwt, await byOne());
    const refused = expect(asked).rejects.toThrow('cannot be had');
    await reached;
    jwt.close();
    await refused;
    expect(log.lines).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each<[string, RequestListener]>([
    ['it was answered 404', (_, response) => void response.writeHead(404).end()],
    ['the answer is not JSON', (_, response) => void response.end('<html>')],
    ['the answer is not a key set with a key in it', (_, response) => void response.end('{"keys":[]}')],
    ['the answer is not a key set with a key in it', (_, response) => void response.end('null')],
    ['the answer is longer than 262144 bytes', (_, response) => void response.end(' '.repeat(262_145))],
    ['JSON Web Key Set malformed', (_, response) => void response.end('{"keys":[7]}')],
    ['unexpected redirect', (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
  ])('also where %s', async (problem, answer) => {
    const jwt = fromIssuer();
    await ask(jwt, await byOne());
    issuer.answer = answer;
    await clock.advance(600_000);
    expect(await ask(jwt, await byOne())).toEqual(ada);
    expect(log.lines).toEqual([['warn', away, { url: issuer.shown, problem }]]);
  });
});
