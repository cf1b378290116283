import { createGateway } from 'gateway-core';
import { FakeClock, type MemoryWebSocket, memoryWebSocket } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

/** What a socket tells, in order. */
function toldBy(socket: MemoryWebSocket): unknown[] {
  const told: unknown[] = [];
  socket.onopen = () => told.push('open');
  socket.onmessage = ({ data }) => told.push(JSON.parse(data).type);
  socket.onerror = () => told.push('error');
  socket.onclose = ({ code, wasClean }) => told.push([code, wasClean]);
  return told;
}

describe('memoryWebSocket', () => {
  test('opens first, then hears the gateway; what it sends is heard; a close has the code of whoever began it', async () => {
    const clock = new FakeClock();
    const gateway = createGateway({ clock });
    const WebSocket = memoryWebSocket(gateway);
    const [one, two] = [new WebSocket('ws://gateway/rt'), new WebSocket('ws://gateway/rt')];
    const told = [toldBy(one), toldBy(two)];
    expect(() => one.send('too early')).toThrow('connecting');
    await clock.settle();
    one.send(JSON.stringify({ type: 'identify', payload: { clientType: 'app-client' } }));
    await clock.settle();
    one.close(4900);
    const [connection] = gateway.connections();
    gateway.disconnect(connection?.connectionId as string, 4003);
    await clock.settle();
    expect(told[0]).toEqual(['open', 'ready', 'ready', [4900, true]]);
    expect(told[1]).toEqual(['open', 'ready', [4003, true]]);
    expect([one.readyState, one.closedWith, two.closedWith]).toEqual([3, 4900, undefined]);
    expect(WebSocket.sockets).toEqual([one, two]);
    void gateway.close();
    await clock.advance(10_000);
  });

  test('may be refused, hang, be cut or vanish; a URL that is none throws', async () => {
    const clock = new FakeClock();
    const gateway = createGateway({ clock });
    let handshake: 'connect' | 'refuse' | 'hang' = 'refuse';
    const WebSocket = memoryWebSocket(() => gateway, { handshake: () => handshake });
    const make = async (next: typeof handshake) => {
      handshake = next;
      const socket = new WebSocket('ws://gateway/rt');
      const told = toldBy(socket);
      await clock.settle();
      return { socket, told };
    };
    expect(() => new WebSocket('no url')).toThrow();
    expect((await make('refuse')).told).toEqual(['error', [1006, false]]);
    const hanging = await make('hang');
    expect(hanging.told).toEqual([]);
    hanging.socket.close(4902);
    await clock.settle();
    expect(hanging.told).toEqual(['error', [1006, false]]);
    const cut = await make('connect');
    cut.socket.cut();
    expect(cut.told).toEqual(['open', 'ready', 'error', [1006, false]]);
    const vanished = await make('connect');
    vanished.socket.vanish();
    await clock.advance(60_000);
    expect(vanished.told).toEqual(['open', 'ready']);
    expect(gateway.connections()).toEqual([]);
    void gateway.close();
    await clock.advance(10_000);
  });
});
