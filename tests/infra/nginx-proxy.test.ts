import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { type RunningServer, serve } from 'gateway-cli';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runEcho } from '../../examples/echo/src/echo.js';
import { hasNginx, type RunningNginx, startNginx } from './nginx.js';
import { WireClient } from './wire-client.js';

describe('through nginx with the shipped configuration', () => {
  let gateway: RunningServer;
  let nginx: RunningNginx;

  beforeEach(({ skip }) => skip(!hasNginx, "nginx is not installed; Debian's package nginx-light brings it"));
  beforeAll(async () => {
    if (!hasNginx) return;
    // As docker-compose.yml runs it: one proxy in front.
    gateway = await serve({ port: 0, host: '127.0.0.1', trustProxyHops: 1 });
    nginx = await startNginx(gateway.port);
  });
  afterAll(async () => {
    await gateway?.close();
    await nginx?.stop();
  });

  /** The two ways in: TLS on 443, and plain on 80 for development. */
  const ways = {
    wss: () => ({ url: `wss://localhost:${nginx.tlsPort}/rt`, options: { ca: nginx.ca } }),
    ws: () => ({ url: `ws://localhost:${nginx.plainPort}/rt`, options: {} }),
  };
  const names = Object.keys(ways) as (keyof typeof ways)[];

  function ask(scheme: keyof typeof ways, path: string, headers = {}): Promise<{ status?: number; body: string; type?: string }> {
    const [request, port] = scheme === 'wss' ? [httpsRequest, nginx.tlsPort] : [httpRequest, nginx.plainPort];
    return new Promise((resolve, reject) => {
      request({ host: 'localhost', port, path, ca: nginx.ca, headers }, async (response) => {
        resolve({ status: response.statusCode, body: await text(response), type: response.headers['content-type'] });
      })
        .on('error', reject)
        .end();
    });
  }

  test.each(names)('two clients talk over %s', async (scheme) => {
    const { url, options } = ways[scheme]();
    const [ada, bob] = [new WireClient(url, options), new WireClient(url, options)];
    await Promise.all([ada.join(`talk-${scheme}`), bob.join(`talk-${scheme}`)]);
    // Longer than the buffers of nginx, in both directions.
    const data = 'x'.repeat(200 * 1024);
    ada.send({ type: 'data_update', traceId: 't-1', payload: { data } });
    for (const client of [ada, bob]) {
      expect(await client.next('data_update')).toMatchObject({
        groupId: `talk-${scheme}`,
        seq: 1,
        traceId: 't-1',
        payload: { data },
      });
    }
    await Promise.all([ada.close(), bob.close()]);
  });

  test.each(names)('the echo scenario passes over %s', async (scheme) => {
    const { url, options } = ways[scheme]();
    const lines: string[] = [];
    await runEcho({ url, tls: options, groupId: `echo-${scheme}`, write: (line) => lines.push(line) });
    expect(lines.at(-1)).toBe('echo: everything came');
  });

  test('the gateway sees the address of the client, and not the one that it claims', async () => {
    const { url, options } = ways.wss();
    const client = new WireClient(url, { ...options, localAddress: '127.0.0.9', headers: { 'x-forwarded-for': '203.0.113.7' } });
    const { connectionId } = (await client.next('ready')).payload;
    const connection = gateway.gateway.connections().find((candidate) => candidate.connectionId === connectionId);
    expect(connection?.remoteAddress).toBe('127.0.0.9');
    await client.close();
  });

  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('who comes back resumes the session of %s', async (maxVersion) => {
    const upgraded = async (session?: Buffer): Promise<TLSSocket> => {
      const options = { host: 'localhost', port: nginx.tlsPort, ca: nginx.ca, servername: 'localhost', maxVersion, session };
      const socket = connect(options);
      const hello = once(socket, 'data');
      socket.write(
        'GET /rt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      );
      expect(String(await hello)).toMatch(/^HTTP\/1\.1 101 /);
      return socket;
    };
    let session: Buffer | undefined;
    const first = await upgraded();
    // With TLS 1.3 it comes after the handshake.
    session = first.getSession();
    expect([first.getProtocol(), first.isSessionReused()]).toEqual([maxVersion, false]);
    for (let again = 0; again < 3; again += 1) {
      const socket = await upgraded(session);
      expect(socket.isSessionReused()).toBe(true);
      session = socket.getSession();
      socket.destroy();
    }
    first.destroy();
  });

  test('a close code of the gateway reaches the client', async () => {
    const { url, options } = ways.wss();
    const client = new WireClient(url, options);
    const { connectionId } = (await client.next('ready')).payload;
    gateway.gateway.disconnect(String(connectionId), 4003, 'bye');
    expect((await client.next('closed')).payload.code).toBe(4003);
  });

  test('a client that vanishes is gone from the gateway', async () => {
    const { url, options } = ways.wss();
    const client = new WireClient(url, options);
    const { connectionId } = (await client.next('ready')).payload;
    const gone = new Promise<void>((resolve) => {
      const off = gateway.gateway.on('disconnect', (event) => {
        if (event.connectionId !== connectionId) return;
        off();
        resolve();
      });
    });
    client.socket.terminate();
    await gone;
  });

  test.each(names)('/health answers over the port of %s', async (scheme) => {
    const { status, body } = await ask(scheme, '/health');
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { ok: true, data: { status: 'ok' } } });
  });

  test.each(['/', '/health/', '/rt/', '/rtx', '/rt/../secret'])('%s is answered by nginx itself, with 404', async (path) => {
    const { status, body, type } = await ask('wss', path);
    expect({ status, type }).toEqual({ status: 404, type: 'application/json' });
    expect(JSON.parse(body)).toMatchObject({ ok: false, error: { code: 'NOT_FOUND' } });
  });

  test('the access log is JSON, with the address and without the query', async () => {
    const other = await startNginx(gateway.port);
    onTestFinished(async () => void (await other.stop()));
    const client = new WireClient(`wss://localhost:${other.tlsPort}/rt?token=secret`, { ca: other.ca });
    // nginx waits for open connections, also where this test fails.
    onTestFinished(() => client.socket.terminate());
    await client.next('ready');
    await client.close();
    const { access } = await other.stop();
    expect(access).toMatchObject([{ remoteAddress: '127.0.0.1', method: 'GET', path: '/rt', status: '101' }]);
    expect(JSON.stringify(access)).not.toContain('secret');
  });

  test('while the gateway is away nginx runs and answers 502', async () => {
    // Port 1 is nobody's here.
    const other = await startNginx(1);
    onTestFinished(async () => void (await other.stop()));
    const response = await fetch(`http://127.0.0.1:${other.plainPort}/health`);
    expect(response.status).toBe(502);
  });
});
