import { createGateway, GatewayError, type GatewayOptions } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { oneTurn } from './support/asynchronous.js';
import { type Handshake, handshake } from './support/handshake.js';
import { setUp } from './support/set-up.js';

type Gateway = ReturnType<typeof createGateway>;

const from = (gateway: Gateway, origin: string | undefined): Handshake =>
  handshake(gateway, '127.0.0.1', origin === undefined ? {} : { origin });

/** What `createGateway` says to a list. */
function refusalOf(allowedOrigins: unknown): string {
  try {
    createGateway({ allowedOrigins } as GatewayOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    return (error as GatewayError).message;
  }
  throw new Error(`${JSON.stringify(allowedOrigins)} was taken`);
}

describe('a list of origins', () => {
  test.each<[entry: string, allowed: string[], refused: string[]]>([
    [
      'https://app.example',
      ['https://app.example'],
      ['http://app.example', 'https://app.example:8443', 'https://app.example.evil.com', 'https://evil.com/https://app.example'],
    ],
    ['http://localhost:3000', ['http://localhost:3000'], ['http://localhost', 'http://localhost:3001', 'https://localhost:3000']],
    ['https://[::1]:8443', ['https://[::1]:8443'], ['https://[::1]']],
    [
      'https://*.example.com',
      ['https://a.example.com', 'https://a.b.example.com', 'https://xn--bcher-kva.example.com', 'https://my_app-1.example.com'],
      [
        'https://example.com',
        'https://.example.com',
        'https://..example.com',
        'https://a..example.com',
        'https://*.example.com',
        'https://example.com.evil.com',
        'https://a.example.com.evil.com',
        'https://evil.com/.example.com',
        'https://evil.com:443#.example.com',
        'https://evil.com?x.example.com',
        'https://evil.com\\.example.com',
        'https://user@a.example.com',
        'https://evilexample.com',
        'http://a.example.com',
        // As long as the right scheme.
        'tauri://a.example.com',
        'https://a.example.com:8443',
        'https://a.example.com/',
        'null',
        '',
      ],
    ],
    ['https://*.example.com:8443', ['https://a.example.com:8443'], ['https://a.example.com', 'https://a.example.com:84430']],
    ['http://*.localhost:3000', ['http://tenant.localhost:3000'], ['http://localhost:3000', 'http://tenant.localhost']],
    ['http://tauri.localhost', ['http://tauri.localhost'], ['https://tauri.localhost', 'http://a.tauri.localhost']],
    ['capacitor://localhost', ['capacitor://localhost'], ['ionic://localhost', 'capacitor://localhost:80', 'https://localhost']],
    ['ionic://localhost', ['ionic://localhost'], ['capacitor://localhost']],
    ['tauri://localhost', ['tauri://localhost'], ['tauri://evil']],
    [
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      ['chrome-extension://abcdefghijklmnopabcdefghijklmnop'],
      ['chrome-extension://b'],
    ],
    ['moz-extension://0a1b2c3d-0000-4000-8000-000000000000', ['moz-extension://0a1b2c3d-0000-4000-8000-000000000000'], ['null']],
    // Safari writes the id in upper case.
    ['safari-web-extension://0A1B2C3D', ['safari-web-extension://0A1B2C3D'], ['safari-web-extension://0a1b2c3d']],
    ['file://', ['file://'], ['null', 'file:///']],
    ['null', ['null'], ['https://null', '', 'undefined']],
  ])('%s lets in what it says and nothing else', async (entry, allowed, refused) => {
    const { gateway } = setUp({ allowedOrigins: ['https://other.example', entry] });
    for (const origin of [...allowed, undefined]) expect([origin, await from(gateway, origin).status]).toEqual([origin, 101]);
    for (const origin of refused) expect([origin, await from(gateway, origin).status]).toEqual([origin, 403]);
  });

  test('may be empty, for clients that are no browsers', async () => {
    const { gateway } = setUp({ allowedOrigins: [] });
    expect(await from(gateway, 'https://app.example').status).toBe(403);
    expect(await from(gateway, undefined).status).toBe(101);
  });

  test('counts as it was when the gateway was made', async () => {
    const allowedOrigins = ['https://app.example'];
    const { gateway } = setUp({ allowedOrigins });
    allowedOrigins[0] = 'https://other.example';
    expect(await from(gateway, 'https://app.example').status).toBe(101);
    expect(await from(gateway, 'https://other.example').status).toBe(403);
  });
});

describe('what could never match, or would match too much, is refused with what to write instead', () => {
  test.each([
    ['*', 'leave allowedOrigins out'],
    ['', 'must begin with a scheme, like https://app.example'],
    ['app.example', 'must begin with a scheme, like https://app.example'],
    ['localhost:3000', 'must begin with a scheme, like https://localhost:3000'],
    ['*.example.com', 'must begin with a scheme, like https://*.example.com'],
    ['//app.example', 'must begin with a scheme, like https://app.example'],
    ['https:/app.example', 'must begin with a scheme'],
    ['blob:https', 'must begin with a scheme'],
    ['https://app.example/', 'must be written as browsers send it: https://app.example'],
    ['https://app.example/path?x#y', 'must be written as browsers send it: https://app.example'],
    ['https://*.example.com/', 'must be written as browsers send it: https://*.example.com'],
    ['HTTPS://app.example', 'must be written as browsers send it: https://app.example'],
    ['https://App.Example', 'must be written as browsers send it: https://app.example'],
    ['https://*.Example.com', 'must be written as browsers send it: https://*.example.com'],
    ['https://app.example:443', 'must be written as browsers send it: https://app.example'],
    ['http://*.example.com:80', 'must be written as browsers send it: http://*.example.com'],
    ['https://user:secret@app.example', 'must be written as browsers send it: https://app.example'],
    ['https://bücher.example', 'must be written as browsers send it: https://xn--bcher-kva.example'],
    ['http://127.1', 'must be written as browsers send it: http://127.0.0.1'],
    [' https://app.example', 'must have no spaces'],
    ['https://app.example https://b.example', 'must have no spaces'],
    ['wss://app.example', 'must be the origin of the page, not of the socket: https://…'],
    ['ws://app.example', 'must be the origin of the page, not of the socket: http://…'],
    ['https://', 'must be an origin like https://app.example'],
    ['https://a b', 'must have no spaces'],
    ['*://app.example', 'must name its scheme'],
    ['http*://app.example', 'must name its scheme'],
    ['https://*', 'may have one *'],
    ['https://**.example.com', 'may have one *'],
    ['https://*example.com', 'may have one *'],
    ['https://a.*.example.com', 'may have one *'],
    ['https://*.*.example.com', 'may have one *'],
    ['https://app.example:*', 'may have one *'],
    ['https://app.*', 'may have one *'],
    ['https://*.', 'may have one *'],
    ['https://*.com', 'must have a domain after the *'],
    ['https://*.com.', 'must have a domain after the *'],
    ['https://*.1.2.3', 'must be an origin like https://app.example'],
    ['chrome-extension://*', 'must be whole'],
    ['capacitor://localhost/', 'must be written as apps send it: capacitor://localhost'],
    ['Capacitor://localhost', 'must be written as apps send it: capacitor://localhost'],
    ['capacitor://local host', 'must have no spaces'],
    ['capacitor://user@localhost', 'must be an origin like capacitor://localhost'],
    ['1password://x', 'must be an origin like capacitor://localhost'],
    ['Null', 'must begin with a scheme'],
  ])('%s', (entry, help) => {
    const message = refusalOf(['https://app.example', entry]);
    expect(message).toMatch(/^allowedOrigins: /);
    expect(message).toContain(`${JSON.stringify(entry)} `);
    expect(message).toContain(help);
    expect(message).not.toContain('\n');
  });

  test.each([[undefined], [null], [3], [{}], [['https://app.example']]])('%j', (entry) => {
    expect(refusalOf([entry])).toBe('allowedOrigins: each entry must be a string like https://app.example');
  });

  test('a regular expression', () => {
    expect(refusalOf([/example\.com$/])).toContain('give a function');
  });

  test.each(['https://app.example', /example/, {}, null, true, 3])('%j, which is no list', (value) => {
    expect(refusalOf(value)).toBe('allowedOrigins: must be a function or a list of origins like https://app.example');
  });

  test('an entry of any length, of which the line shows the beginning', () => {
    expect(refusalOf(['x'.repeat(100_000)]).length).toBeLessThan(400);
  });
});

describe('a function', () => {
  test('is asked about each handshake, with its request', async () => {
    const asked: unknown[] = [];
    const { gateway } = setUp({
      allowedOrigins: (origin, { url }) => {
        asked.push([origin, url]);
        return origin === 'https://app.example';
      },
    });
    expect(await from(gateway, 'https://app.example').status).toBe(101);
    expect(await from(gateway, undefined).status).toBe(403);
    expect(asked).toEqual([
      ['https://app.example', '/rt'],
      [undefined, '/rt'],
    ]);
  });

  test('may answer later', async () => {
    const { gateway, clock } = setUp({ allowedOrigins: async (origin) => origin === 'https://app.example' });
    expect(await from(gateway, 'https://app.example').status).toBe(101);
    expect(await from(gateway, 'https://evil.example').status).toBe(403);
    expect(gateway.stats()).toMatchObject({ connections: 1, refusedTotal: 1 });
    await clock.settle();
  });

  test.each<[what: string, answer: unknown]>([
    ['a string', 'yes'],
    ['1', 1],
    ['nothing', undefined],
  ])('that answers %s, now or later, says no', async (_what, answer) => {
    const now = setUp({ allowedOrigins: () => answer as boolean });
    expect(await from(now.gateway, 'https://app.example').status).toBe(403);
    const later = setUp({ allowedOrigins: async () => answer as boolean });
    expect(await from(later.gateway, 'https://app.example').status).toBe(403);
  });

  test.each<[what: string, allowedOrigins: GatewayOptions['allowedOrigins']]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ])('that %s is answered 500 and reported', async (_what, allowedOrigins) => {
    const { gateway, events } = setUp({ allowedOrigins });
    expect(await from(gateway, 'https://app.example').status).toBe(500);
    expect(events('error')).toMatchObject([{ where: 'allowedOrigins', error: { message: 'no database' } }]);
    expect(gateway.stats()).toMatchObject({ connections: 0, refusedTotal: 1 });
  });
});

/** A gateway whose check of origins answers when it is told to. */
function setUpHeld(options: GatewayOptions = {}) {
  const answers: { resolve: (value: boolean) => void; reject: (error: Error) => void }[] = [];
  const held = setUp({
    ...options,
    allowedOrigins: () => new Promise<boolean>((resolve, reject) => answers.push({ resolve, reject })),
  });
  return { ...held, answers };
}

describe('while a function is waited for', () => {
  test('for longer than partTimeoutMs: 500, and reported once; a late answer is for nobody [R232]', async () => {
    for (const late of ['resolve', 'reject'] as const) {
      const { gateway, clock, answers, events } = setUpHeld({ timings: { partTimeoutMs: 3_000 } });
      const { status } = from(gateway, 'https://app.example');
      await clock.advance(2_999);
      expect(gateway.stats().refusedTotal).toBe(0);
      await clock.advance(1);
      expect(await status).toBe(500);
      answers[0]?.[late](new Error('too late') as never);
      await clock.settle();
      expect(events('error')).toMatchObject([
        { where: 'allowedOrigins', error: { message: expect.stringContaining('3000 ms') } },
      ]);
      expect(gateway.stats()).toMatchObject({ connections: 0, refusedTotal: 1 });
    }
  });

  test('a client that goes away costs nothing further, however it goes', async () => {
    for (const error of [undefined, new Error('ECONNRESET')]) {
      const { gateway, clock, answers, recorded } = setUpHeld({ limits: { connectionsMax: 1 } });
      const { server } = from(gateway, 'https://app.example');
      server.destroy(error);
      await oneTurn();
      // Its place is free again.
      const next = from(gateway, 'https://app.example');
      answers[0]?.resolve(true);
      answers[1]?.resolve(true);
      expect(await next.status).toBe(101);
      expect(gateway.stats()).toMatchObject({ connections: 1, connectionsTotal: 1, refusedTotal: 1 });
      expect(recorded.map(({ name }) => name)).toEqual(['connection']);
      await clock.settle();
    }
  });

  test('nothing of the wait is left on the socket of a client that is in', async () => {
    const listeners = ({ server }: Handshake) => server.eventNames().map((name) => [name, server.listenerCount(name)]);
    const atOnce = from(setUp({ allowedOrigins: () => true }).gateway, 'https://app.example');
    const { gateway, answers } = setUpHeld();
    const later = from(gateway, 'https://app.example');
    answers[0]?.resolve(true);
    expect(await Promise.all([atOnce.status, later.status])).toEqual([101, 101]);
    expect(listeners(later)).toEqual(listeners(atOnce));
  });

  test('a gateway that begins to close refuses it at once with 503, and keeps no timer', async () => {
    const { gateway, clock, answers } = setUpHeld();
    const { status } = from(gateway, 'https://app.example');
    const closed = gateway.close();
    expect(await status).toBe(503);
    await closed;
    expect(clock.pendingTimers).toBe(0);
    answers[0]?.resolve(true);
    await clock.settle();
    expect(gateway.stats()).toMatchObject({ connectionsTotal: 0, refusedTotal: 1 });
  });

  test('a handshake takes its place under both limits', async () => {
    const inAll = setUpHeld({ limits: { connectionsMax: 2 } });
    const [first] = [from(inAll.gateway, 'https://a.example'), from(inAll.gateway, 'https://a.example')];
    expect(await from(inAll.gateway, 'https://a.example').status).toBe(503);
    inAll.answers[0]?.resolve(false);
    expect(await first?.status).toBe(403);
    const next = from(inAll.gateway, 'https://a.example');
    inAll.answers[2]?.resolve(true);
    expect(await next.status).toBe(101);

    const perAddress = setUpHeld({ limits: { connectionsPerAddressMax: 1 } });
    handshake(perAddress.gateway, '10.0.0.1');
    expect(await handshake(perAddress.gateway, '10.0.0.1').status).toBe(429);
    expect(perAddress.answers).toHaveLength(1);
  });

  test('its place is taken: who comes by another way is one too many, and it gets in', async () => {
    const { gateway, answers, connect } = setUpHeld({ limits: { connectionsMax: 1 } });
    const { status } = from(gateway, 'https://app.example');
    const other = connect();
    await expect.poll(() => other.closed?.code).toBe(4101);
    answers[0]?.resolve(true);
    expect(await status).toBe(101);
    expect(gateway.stats()).toMatchObject({ connections: 1, refusedTotal: 1 });
  });
});
