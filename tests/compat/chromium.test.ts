import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConnectionContext, createGateway, type GatewayOptions } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { launchChromium, noChromium } from '../support/chromium.js';
import { ForeignClient, type Runtime } from './support/foreign-client.js';
import { runScenarios } from './support/run-scenarios.js';
import { World } from './support/world.js';

/** Runs in the page: WebSockets by number, and a report of what each gets. */
const PAGE_SCRIPT = `
  const sockets = new Map();
  globalThis.clients = {
    open(client, url) {
      const socket = new WebSocket(url);
      socket.onmessage = ({ data }) => report({ client, text: data });
      socket.onclose = ({ code }) => report({ client, closed: code });
      sockets.set(client, socket);
    },
    send: (client, text) => sockets.get(client).send(text),
    close: (client, ...code) => sockets.get(client).close(...code),
    // Blocks the page, as a busy loop does, for as long as the server does not say that it is over.
    block(url) {
      for (let answer = ''; answer !== 'over'; ) {
        const request = new XMLHttpRequest();
        request.open('GET', url, false);
        request.send();
        answer = request.responseText;
      }
    },
  };
`;

let browser: Browser;
let page: Page;
const clients: ForeignClient[] = [];
const inPage = (call: string, ...args: unknown[]) =>
  page.evaluate(`clients.${call}(${args.map((arg) => JSON.stringify(arg)).join()})`);

async function newPage(): Promise<void> {
  page = await browser.newPage();
  await page.exposeFunction('report', ({ client, text, closed }: { client: number; text?: string; closed?: number }) => {
    if (text !== undefined) clients[client]?.got(text);
    else clients[client]?.ended(closed as number);
  });
  await page.addInitScript(PAGE_SCRIPT);
}

const runtime: Runtime = {
  name: 'Chromium',
  missing: noChromium,
  start: async () => {
    browser = await launchChromium();
    await newPage();
  },
  stop: () => browser.close(),
  open: async (url, origin) => {
    if (new URL(page.url()).origin !== origin) await page.goto(origin);
    const client = clients.push(new ForeignClient()) - 1;
    await inPage('open', client, url);
    return clients[client]!.bind({
      send: (text) => void inPage('send', client, text),
      close: () => void inPage('close', client),
    });
  },
};

runScenarios(runtime, {
  'may come from a page of an allowed origin only': async () => {
    const strict = await World.create(runtime, (origin) => ({ allowedOrigins: [origin] }));
    expect((await (await strict.open()).message()).type).toBe('ready');
    const strange = await World.create(runtime, () => ({ allowedOrigins: ['https://elsewhere.example'] }));
    expect(await (await strange.open()).closed).toBe(1006);
    expect(strange.gateway.stats()).toMatchObject({ connectionsTotal: 0, refusedTotal: 1 });
    await strict.stop();
    await strange.stop();
  },

  'is told by a close code why it is refused, where the gateway says so: it cannot see a status': async () => {
    const closing: GatewayOptions = { refuseBy: 'close' };
    const strange = await World.create(runtime, () => ({ ...closing, allowedOrigins: ['https://elsewhere.example'] }));
    expect(await (await strange.open()).closed).toBe(4003);
    await strange.stop();
    const world = await World.create(runtime, (origin) => ({
      ...closing,
      allowedOrigins: [origin],
      limits: { connectionsMax: 1 },
    }));
    // One that does not answer its close frame: until it is cut the gateway drains.
    connectClient(world.gateway).vanish();
    expect(await (await world.open()).closed).toBe(4101);
    const closed = world.gateway.close({ graceMs: 60_000 });
    expect(await (await world.open()).closed).toBe(4202);
    expect(world.gateway.stats()).toMatchObject({ connectionsTotal: 1, refusedTotal: 2 });
    await world.clock.advance(60_000);
    await closed;
    await world.stop();
  },

  'is gone when its tab is closed or reloaded: 1001': async (world) => {
    await world.member('group-1');
    await page.reload();
    await world.left(0);
    await world.member('group-1');
    await page.close();
    await newPage();
    await world.left(0);
    expect(world.disconnects).toMatchObject([{ code: 1001 }, { code: 1001 }]);
    expect(await world.gateway.presence('group-1')).toMatchObject({ status: 'DOWN', details: { members: 0 } });
  },

  'is kept for the resume window when its page gives up the connection with a code of its own': async (world) => {
    await world.member('group-1');
    await inPage('close', clients.length - 1, 4900);
    await world.left(0);
    expect(world.disconnects).toMatchObject([{ code: 4900 }]);
    expect(await world.gateway.presence('group-1')).toMatchObject({ status: 'DEGRADED', details: { members: 1 } });
  },

  'stays connected while its main thread is blocked, for much longer than the heartbeat timeout, in real time': async () => {
    let isOver = false;
    let asked = 0;
    const server = createServer(({ url }, response) => {
      if (url === '/over') asked += 1;
      response.setHeader('Content-Type', 'text/html').end(url === '/over' && isOver ? 'over' : '<title>page</title>');
    });
    const timings = { heartbeatIntervalMs: 200, heartbeatTimeoutMs: 600, sweepIntervalMs: 50 };
    const gateway = createGateway({ server, timings });
    onTestFinished(async () => {
      // The page's requests end, also where the test fails.
      isOver = true;
      await gateway.close();
      server.close();
      server.closeAllConnections();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = await runtime.open(`ws://${host}/rt`, `http://${host}`);
    await client.identify('group-1');
    const [{ connectionId }] = gateway.connections() as [ConnectionContext];

    let isBlocked = true;
    const blocked = inPage('block', `http://${host}/over`).finally(() => {
      isBlocked = false;
    });
    // Each of these answers no ping, and is closed when it has been silent for the timeout.
    for (let silence = 0; silence < 3; silence += 1) {
      const [code] = await once(new WebSocket(`ws://${host}/rt`, { autoPong: false }), 'close');
      expect(code).toBe(4200);
    }
    expect(asked).toBeGreaterThan(0);
    expect(isBlocked).toBe(true);
    expect(gateway.connections().map((connection) => connection.connectionId)).toEqual([connectionId]);
    isOver = true;
    await blocked;
    client.send({ type: 'data_update', payload: { data: 'still here' } });
    expect((await client.nextOf('data_update')).payload.data).toBe('still here');
  },

  'stays connected while its page runs no script, as a hidden tab whose timers are throttled': async (world) => {
    const client = await world.member('group-1');
    const blocked = page.evaluate('for (const until = Date.now() + 3_000; Date.now() < until; );');
    for (let silence = 0; silence < 10; silence += 1) {
      await world.clock.advance(14_000);
      await world.heard();
    }
    expect(world.disconnects).toEqual([]);
    await blocked;
    client.send({ type: 'data_update', payload: { data: 'still here' } });
    expect((await client.nextOf('data_update')).payload.data).toBe('still here');
  },
});
