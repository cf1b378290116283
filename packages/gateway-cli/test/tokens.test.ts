import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'gateway-cli';
import { createClient } from 'gateway-client';
import { type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { MemoryIo, printedConfig, runCli } from './memory-io.js';

const SECRET = 'a secret of more than thirty-two bytes';
const OTHER = 'another secret of more than thirty-two bytes';
const SERVE = ['serve', '--port', '0', '--host', '127.0.0.1', '--sweep-interval-ms', '20', '--jwt-clock-tolerance-ms', '0'];

let folder: string;
let secretFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-tokens-'));
  secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `${SECRET}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

const inSeconds = (seconds: number) => Date.now() / 1_000 + seconds;
function tokenOf(claims: JWTPayload & Record<string, unknown> = {}, secret = SECRET): Promise<string> {
  const payload = { sub: 'ada', exp: inSeconds(3_600), groups: ['room-*'], ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
}

/** The program, until the test that started it is over. */
async function serving(argv: string[]): Promise<{ io: MemoryIo; url: string; healthUrl: string }> {
  const io = new MemoryIo();
  const ended = run([...SERVE, ...argv], {}, io);
  onTestFinished(async () => {
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.err).toBe('');
  });
  const { url, healthUrl } = await io.line('listening');
  return { io, url: String(url), healthUrl: String(healthUrl) };
}

/** What a client is told that identifies so, and the code that it is closed with. */
async function identified(url: string, token: string | undefined) {
  const socket = new WebSocket(url);
  onTestFinished(() => socket.terminate());
  const messages: { type: string; payload: Record<string, unknown> }[] = [];
  const closed = once(socket, 'close').then(([code]) => Number(code));
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (text) => {
      messages.push(JSON.parse(String(text)));
      if (messages.length === 2) resolve();
    });
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'identify', payload: { clientType: 'app-client', groupId: 'room-1', token } }));
  await answered;
  return { answer: messages[1], closed, socket };
}

describe('a server with a secret in a file', () => {
  test('lets those in who have a token, says nothing of authentication, and tells in its log alone why the others are refused', async () => {
    const { io, url } = await serving(['--jwt-secret-file', secretFile]);
    expect((await identified(url, await tokenOf())).answer?.type).toBe('ready');
    for (const token of [undefined, await tokenOf({}, OTHER), await tokenOf({ exp: inSeconds(-1) })]) {
      const { answer, closed } = await identified(url, token);
      expect(answer).toMatchObject({ type: 'error', payload: { code: 'UNAUTHORIZED', message: 'payload.token: refused' } });
      expect(await closed).toBe(4001);
      if (token !== undefined) expect(io.out).not.toContain(token.split('.')[1]);
    }
    const refusals = io.lines().filter(({ msg }) => msg === 'a token was refused');
    expect(refusals.map(({ level, reason }) => [level, reason])).toEqual([
      ['info', 'there is none'],
      ['info', 'wrong signature'],
      ['info', 'expired'],
    ]);
    expect(io.lines().filter(({ level }) => level === 'warn')).toEqual([]);
    expect(io.out).not.toContain(SECRET);
  });

  test('ends a connection with its token by 4001, and keeps a real client that has renewed its own in place', async () => {
    const { url } = await serving(['--jwt-secret-file', secretFile]);
    const exp = inSeconds(1.5);
    let token = await tokenOf({ exp });
    const client = createClient({ url, WebSocket, token: () => token });
    onTestFinished(() => client.close());
    const group = client.join('room-1');
    await group.publish('before');
    const { memberId } = client;
    token = await tokenOf();
    await client.refreshToken();
    const { closed } = await identified(url, await tokenOf({ exp }));
    expect(await closed).toBe(4001);
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000);
    await group.publish('after');
    expect(client.memberId).toBe(memberId);
  });

  test('takes tokens of the issuers and for the services that the flags name, and no others', async () => {
    const flags = ['--jwt-issuer', 'https://a.example,https://b.example', '--jwt-audience', 'chat', '--jwt-algorithms', 'HS256'];
    const { io, url } = await serving(['--jwt-secret-file', secretFile, ...flags]);
    const good = { iss: 'https://b.example', aud: ['other', 'chat'] };
    expect((await identified(url, await tokenOf(good))).answer?.type).toBe('ready');
    for (const wrong of [{ iss: 'https://c.example' }, { aud: 'other' }, { iss: undefined }, { aud: undefined }])
      expect(await (await identified(url, await tokenOf({ ...good, ...wrong }))).closed).toBe(4001);
    const refusals = io.lines().filter(({ msg }) => msg === 'a token was refused');
    expect(refusals.map(({ reason }) => reason)).toEqual([
      'wrong issuer',
      'wrong audience',
      'claim iss: missing',
      'claim aud: missing',
    ]);
  });

  test('refuses what a client says who may only read', async () => {
    const { url } = await serving(['--jwt-secret-file', secretFile]);
    const token = await tokenOf({ publish: false });
    const client = createClient({ url, WebSocket, token: () => token });
    onTestFinished(() => client.close());
    const group = client.join('room-1');
    await expect(group.publish('x')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(client.join('hall').publish('x')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('has another one at SIGHUP, and ends nobody', async () => {
    const { io, url } = await serving(['--jwt-secret-file', secretFile]);
    const before = await identified(url, await tokenOf());
    writeFileSync(secretFile, OTHER);
    io.signals.emit('SIGHUP', 'SIGHUP');
    expect(await io.line('looking at the keys of tokens anew')).toMatchObject({ level: 'info', signal: 'SIGHUP' });
    await io.line('the key file has changed');
    expect((await identified(url, await tokenOf({}, OTHER))).answer?.type).toBe('ready');
    expect(await (await identified(url, await tokenOf())).closed).toBe(4001);
    expect(before.socket.readyState).toBe(WebSocket.OPEN);
  });
});

test('a server with a key set that cannot be had says so, in its log and on /health, and takes clients once it is there', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let isAway = true;
  const issuer = createServer((_, response) => {
    response.writeHead(isAway ? 503 : 200).end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] }));
  }).listen(0, '127.0.0.1');
  onTestFinished(async () => void issuer.close());
  await once(issuer, 'listening');
  const jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys?client=hidden`;
  const { io, url, healthUrl } = await serving(['--jwks-url', jwksUrl, '--jwt-audience', 'rt', '--jwt-groups', 'room-1']);
  expect(await io.line('the key set cannot be had: nobody can be let in')).toMatchObject({
    level: 'warn',
    problem: 'it was answered 503',
    url: jwksUrl.replace('client=hidden', '***'),
  });
  expect(await (await fetch(healthUrl)).json()).toEqual({
    ok: true,
    data: { status: 'DEGRADED', reason: 'the keys of tokens cannot be had anew' },
  });
  const token = await new SignJWT({ sub: 'ada', aud: 'rt', exp: inSeconds(60) })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .sign(privateKey);
  expect((await identified(url, token)).answer?.payload).toMatchObject({ code: 'INTERNAL' });
  isAway = false;
  io.signals.emit('SIGHUP', 'SIGHUP');
  await io.line('the key set is there again');
  expect((await identified(url, token)).answer?.type).toBe('ready');
  expect(await (await fetch(healthUrl)).json()).toEqual({ ok: true, data: { status: 'ok' } });
  expect(io.out).not.toContain('hidden');
});

test('while no key can be had, a flood of tokens is counted, and does not fill the log', async () => {
  // Nobody answers there.
  const { io, url } = await serving(['--jwks-url', 'http://127.0.0.1:1/', '--jwt-audience', 'rt']);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ sub: 'ada', aud: 'rt', exp: inSeconds(60) })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  const answers = await Promise.all(Array.from({ length: 100 }, () => identified(url, token)));
  expect(new Set(answers.map(({ answer }) => answer?.payload.code))).toEqual(new Set(['INTERNAL']));
  const failures = () => io.lines().filter(({ msg }) => String(msg).startsWith('gateway: failure'));
  const counted = () => failures().reduce((sum, { untold }) => sum + Number(untold ?? 1), 0);
  await expect.poll(counted, { timeout: 10_000 }).toBe(answers.length);
  expect(failures().length).toBeLessThan(answers.length);
});

test('an issuer that does not answer is given up before the gateway gives up on the hook', async () => {
  const issuer = createServer(() => {}).listen(0, '127.0.0.1');
  onTestFinished(() => {
    issuer.close();
    issuer.closeAllConnections();
  });
  await once(issuer, 'listening');
  const jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/`;
  const { io, url } = await serving(['--jwks-url', jwksUrl, '--jwt-audience', 'rt', '--part-timeout-ms', '1000']);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ sub: 'ada', aud: 'rt', exp: inSeconds(60) })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(privateKey);
  expect((await identified(url, token)).answer?.payload).toMatchObject({ code: 'INTERNAL' });
  expect(JSON.stringify(await io.line('gateway: failure'))).toContain('no answer in time');
});

describe('the printed configuration', () => {
  test('says where keys are, and nothing that is secret', async () => {
    const env = { GW_JWT_SECRET_FILE: secretFile, GW_JWT_ISSUER: 'a, b', GW_JWT_GROUPS: 'lobby,user-{sub}' };
    const printed = await printedConfig(['--jwt-audience', 'x', '--jwt-audience', 'y', '--jwt-algorithms', 'HS256'], env);
    expect(printed.tokens).toEqual({
      secretFile,
      issuer: ['a', 'b'],
      audience: ['x', 'y'],
      algorithms: ['HS256'],
      clockToleranceMs: 5_000,
      groups: ['lobby', 'user-{sub}'],
    });
    expect(JSON.stringify(printed)).not.toContain(SECRET);
    const { tokens } = await printedConfig(['--jwks-url', 'https://login.example/keys?client=hidden']);
    expect(tokens).toEqual({ jwksUrl: 'https://login.example/keys?***', clockToleranceMs: 5_000 });
    expect((await printedConfig([], { GW_ANONYMOUS: '1' })).anonymous).toBe(true);
  });

  test.each<[argv: string[], line: string]>([
    [
      ['--jwt-secret-file', '/nowhere/secret'],
      '--jwt-secret-file (GW_JWT_SECRET_FILE) must be a file that can be read, not "/nowhere/secret" (ENOENT)',
    ],
    [
      ['--jwks-url', 'https://a.example', '--jwt-secret-file', '/dev/null'],
      '--jwks-url (GW_JWKS_URL) must not be there beside --jwt-secret-file (GW_JWT_SECRET_FILE): keys come from one place',
    ],
    [
      ['--jwks-url', 'https://a.example', '--jwt-algorithms', 'HS256'],
      '--jwt-algorithms (GW_JWT_ALGORITHMS) must not have "HS256" beside --jwks-url (GW_JWKS_URL)',
    ],
    [['--jwks-url', 'https://me:pw@a.example'], '--jwks-url (GW_JWKS_URL) must have no user and no password'],
    [['--jwks-url', 'a.example'], '--jwks-url takes a URL like https://login.example/.well-known/jwks.json, not "a.example"'],
    [
      ['--jwks-url', 'https://a.example', '--jwt-groups', 'a*b'],
      '--jwt-groups (GW_JWT_GROUPS) must have * only at an end, and no braces but {sub}',
    ],
    [
      ['--jwt-issuer', 'a'],
      '--jwt-issuer (GW_JWT_ISSUER) is about tokens, and nothing says where their keys are: one of --jwt-secret-file, --jwt-public-key-file, --jwks-url',
    ],
    [
      ['--anonymous', '--jwks-url', 'https://a.example'],
      '--anonymous (GW_ANONYMOUS) says that no token is asked for: leave it out, or --jwks-url (GW_JWKS_URL)',
    ],
    [['--jwt-clock-tolerance-ms', '5s'], '--jwt-clock-tolerance-ms takes an integer from 0, not "5s"'],
  ])('is refused in one line: %j', async (argv, line) => {
    for (const more of [['--print-config'], [], ['--workers', '2']]) {
      const { code, out, err } = await runCli(['serve', '--port', '0', ...more, ...argv]);
      expect({ code, out, err }).toEqual({ code: 2, out: '', err: `gateway-cli: ${line}\n` });
    }
  });

  test('a file that is no secret is refused without what is in it', async () => {
    writeFileSync(secretFile, 'too-short');
    const { code, err } = await runCli(['serve', '--print-config', '--jwt-secret-file', secretFile]);
    expect({ code, err }).toEqual({
      code: 2,
      err: 'gateway-cli: --jwt-secret-file (GW_JWT_SECRET_FILE) must be a secret of 32 bytes or more, like that of openssl rand -base64 48\n',
    });
  });
});
