import { once } from 'node:events';
import { run } from 'gateway-cli';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { MemoryIo } from './memory-io.js';

const LOOPBACK = ['serve', '--port', '0', '--host', '127.0.0.1', '--anonymous'];

describe('serve', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'says where it listens, serves, and drains to exit code 0 on %s',
    async (signal) => {
      const io = new MemoryIo();
      const ended = run([...LOOPBACK, '--path', '/ws'], {}, io);
      const { url, level } = await io.line('listening on ');
      expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/ws$/);
      expect(level).toBe('info');

      const client = new WebSocket(String(url));
      const [ready] = await once(client, 'message');
      expect(JSON.parse(String(ready))).toMatchObject({
        type: 'ready',
        payload: { heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 } },
      });
      const closed = once(client, 'close');
      io.signals.emit(signal, signal);
      expect((await closed)[0]).toBe(1012);
      expect(await ended).toBe(0);
      expect(io.lines().map(({ msg }) => msg)).toEqual([
        expect.stringMatching(/^listening on /),
        'draining',
        'disconnected',
        'stopped',
      ]);
      expect(io.lines()[1]).toMatchObject({ signal, connections: 1 });
      expect(io.exits).toEqual([]);
      expect(io.err).toBe('');
      expect(io.signals.eventNames()).toEqual([]);
    },
  );

  test('exits with code 1 on a second signal, of either kind', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, {}, io);
    await io.line('listening');
    io.signals.emit('SIGINT', 'SIGINT');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(io.exits).toEqual([1]);
    await ended;
  });

  test('of a terminal that is gone it hears more than once, which does not cut the drain short', async () => {
    const io = new MemoryIo({ isTTY: true });
    const ended = run(LOOPBACK, {}, io);
    for (let i = 0; i < 3; i++) io.signals.emit('SIGHUP', 'SIGHUP');
    expect(await ended).toBe(0);
    expect(io.exits).toEqual([]);
    expect(io.signals.eventNames()).toEqual([]);
  });

  test.each(['SIGHUP', 'SIGUSR2'] as const)('%s before it listens ends nothing', async (signal) => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, {}, io);
    io.signals.emit(signal, signal);
    await io.line('listening');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.exits).toEqual([]);
  });

  test('a signal before it listens is not lost', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, {}, io);
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
  });

  test('hands timings and limits to the gateway', async () => {
    const io = new MemoryIo();
    const ended = run(
      [...LOOPBACK, '--connections-max', '1'],
      { GW_HEARTBEAT_INTERVAL_MS: '1234', GW_HEARTBEAT_TIMEOUT_MS: '5678' },
      io,
    );
    const { url } = await io.line('listening');
    const first = new WebSocket(String(url));
    const [ready] = await once(first, 'message');
    expect(JSON.parse(String(ready)).payload.heartbeat).toEqual({ intervalMs: 1234, timeoutMs: 5678 });
    const [error] = await once(new WebSocket(String(url)), 'error');
    expect(String(error)).toContain('503');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
  });

  test('refuses origins that are not allowed', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, { GW_ALLOWED_ORIGIN: 'https://app.example' }, io);
    const { url } = await io.line('listening');
    const [error] = await once(new WebSocket(String(url), { origin: 'https://evil.example' }), 'error');
    expect(String(error)).toContain('403');
    const client = new WebSocket(String(url), { origin: 'https://app.example' });
    await once(client, 'message');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
  });

  test('logs for people on a terminal, with the address in the first line', async () => {
    const io = new MemoryIo({ isTTY: true });
    const ended = run(LOOPBACK, { NO_COLOR: '1' }, io);
    io.signals.emit('SIGINT', 'SIGINT');
    expect(await ended).toBe(0);
    expect(io.out.split('\n')[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: listening on ws:\/\/127\.0\.0\.1:\d+\/rt$/);
  });

  test('at debug logs what becomes of a client and its messages, without its metadata', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, { LOG_LEVEL: 'debug' }, io);
    const client = new WebSocket(String((await io.line('listening')).url));
    await once(client, 'open');
    const payload = { clientType: 'dashboard', groupId: 'g', metadata: { name: 'secret' } };
    client.send(JSON.stringify({ type: 'identify', payload }));
    client.send(JSON.stringify({ type: 'data_update', traceId: 't-1', payload: { data: 'secret' } }));
    const { connectionId } = await io.line('connected');
    const { memberId } = await io.line('identified');
    expect(await io.line('message accepted')).toMatchObject({
      level: 'debug',
      traceId: 't-1',
      groupId: 'g',
      seq: 1,
      from: memberId,
    });
    client.close();
    expect(await io.line('disconnected')).toMatchObject({ connectionId, memberId, code: 1005 });
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.out).not.toContain('secret');
  });

  test('says of each connection when it ends who it was, for how long, what went through it and why it ended', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, {}, io);
    const client = new WebSocket(String((await io.line('listening')).url));
    let received = 0;
    let errors = 0;
    const answered = new Promise<void>((resolve) => {
      client.on('message', (text: Buffer) => {
        // Each has a header of two bytes, or of four where it is longer than 125.
        received += text.length + (text.length < 126 ? 2 : 4);
        if (JSON.parse(String(text)).type === 'error') errors += 1;
        if (errors === 3) resolve();
      });
    });
    await once(client, 'open');
    const identify = JSON.stringify({ type: 'identify', payload: { clientType: 'dashboard' } });
    const wrong = 'no JSON';
    client.send(identify);
    for (let i = 0; i < 3; i++) client.send(wrong);
    await answered;
    client.close(4900);
    const line = await io.line('disconnected');
    expect(line).toMatchObject({
      level: 'info',
      role: 'dashboard',
      errors: 3,
      code: 4900,
      by: 'client',
      remoteAddress: '127.0.0.1',
    });
    expect(line.meaning).toBe('closed by the client, which may come back as who it was');
    expect(line).toMatchObject({ memberId: expect.any(String), durationMs: expect.any(Number) });
    expect(line).toMatchObject({ bytesIn: identify.length + 3 * wrong.length, bytesOut: received });
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.lines().filter(({ msg }) => msg !== 'disconnected')).toHaveLength(3);
  });

  test('a flood of connections that end is counted, and does not fill the log', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, {}, io);
    const { url } = await io.line('listening');
    const clients = Array.from({ length: 100 }, () => new WebSocket(String(url)));
    await Promise.all(clients.map((client) => once(client, 'message')));
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    const lines = io.lines().filter(({ msg }) => msg === 'disconnected');
    const counts = io.lines().filter(({ msg }) => msg === 'disconnected: more of these than lines were logged');
    expect(lines.length).toBeLessThan(clients.length);
    expect(counts.reduce((sum, { untold }) => sum + Number(untold), lines.length)).toBe(clients.length);
  });

  test('no token, resume token or password is in a log at any level', async () => {
    const io = new MemoryIo();
    const ended = run([...LOOPBACK, '--log-level', 'debug'], {}, io);
    const client = new WebSocket(`${(await io.line('listening')).url}?token=query-secret`, {
      headers: { authorization: 'Bearer header-secret' },
    });
    await once(client, 'open');
    const say = (payload: object) =>
      client.send(JSON.stringify({ type: 'identify', payload: { version: 2, clientType: 'dashboard', ...payload } }));
    say({ token: 'identify-secret', resume: { memberId: 'm', token: 'resume-secret', groups: {} } });
    say({ token: 'identify-secret' });
    await io.line('identified');
    say({ token: { wrong: 'identify-secret' } });
    client.send('no JSON: text-secret');
    await io.line('gateway: message refused');
    client.close(1000);
    await io.line('disconnected');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.out + io.err).not.toContain('secret');
  });

  test('the password of a Redis that cannot be reached is in no line that says so', async () => {
    const io = new MemoryIo();
    // Nobody answers there.
    const ended = run([...LOOPBACK, '--redis-url', 'redis://user:redis-secret@127.0.0.1:1', '--log-level', 'debug'], {}, io);
    await io.line('Redis cannot be reached');
    await io.line('listening');
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.out + io.err).not.toContain('secret');
  });

  test('is silent below the log level', async () => {
    const io = new MemoryIo();
    const ended = run(LOOPBACK, { LOG_LEVEL: 'warn' }, io);
    io.signals.emit('SIGTERM', 'SIGTERM');
    expect(await ended).toBe(0);
    expect(io.out).toBe('');
  });
});
