// What an application's tests do with the packages; the same by `require` and by `import`.
exports.claims = ({ core, testing, http }) => {
  test('clients in memory and virtual time work where globals are those of a browser', async () => {
    expect(typeof window).toBe('object');
    expect(typeof setImmediate).toBe('undefined');
    const clock = new testing.FakeClock();
    const gateway = core.createGateway({ clock });
    const client = testing.connectClient(gateway);
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1', metadata: { name: 'Ada' } } });
    await clock.settle();
    client.send({ type: 'data_update', payload: { data: 'hello' } });
    await clock.settle();
    expect(client.data).toEqual(['hello']);
    client.vanish();
    await clock.advance(60_000);
    expect(gateway.connections()).toEqual([]);
    await gateway.close();
  });

  test('so does the time of the machine', async () => {
    const gateway = core.createGateway();
    const client = testing.connectClient(gateway);
    const ready = await client.next();
    expect(ready.type).toBe('ready');
    await gateway.close();
    expect(client.closed).toMatchObject({ code: 1012 });
  });

  test('what needs sockets says in one line what to do, and leaves nothing on the server', () => {
    const server = http.createServer();
    const line = /^server: needs ws as Node has it, .* @jest-environment node \*\/$/;
    expect(() => core.createGateway({ server })).toThrow(line);
    expect(server.listenerCount('upgrade')).toBe(0);
    const gateway = core.createGateway();
    const headers = { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const request = { method: 'GET', url: '/rt', headers, socket: {} };
    expect(() => gateway.handleUpgrade(request, {}, Buffer.alloc(0))).toThrow(line);
    return gateway.close();
  });
};
