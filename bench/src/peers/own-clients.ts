import { createClient } from 'gateway-client';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** What a client says of itself. */
export interface ClientListener {
  heard(data: string): void;
  /** In the group, at first or again. @param recovered with everything that it missed, as it says. */
  entered(recovered: boolean): void;
}

/** A product's own client, as an application uses it: with its defaults, in one group, and coming back by itself. */
export interface OwnClient {
  publish(data: string): void;
  close(): void;
}

const GROUP = 'g0';

/** gateway-client, on `ws`. */
function gatewayClient(port: number, listener: ClientListener): OwnClient {
  const client = createClient({ url: `ws://127.0.0.1:${port}/rt`, WebSocket });
  const group = client.join<string>(GROUP);
  group.on('message', ({ data }) => listener.heard(data));
  group.on('sync', ({ outcome }) => listener.entered(outcome === 'recovered'));
  return {
    // What becomes of it is counted where it is to come.
    publish: (data) => void group.publish(data).catch(() => {}),
    close: () => void client.close(),
  };
}

/** socket.io-client, on the websocket transport. It joins anew where its state was not recovered. */
function socketIoClient(port: number, listener: ClientListener): OwnClient {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
  socket.on('connect', () => {
    if (!socket.recovered) socket.emit('subscribe', GROUP);
  });
  socket.on('subscribed', () => listener.entered(socket.recovered));
  socket.on('m', (data: string) => listener.heard(data));
  return { publish: (data) => void socket.emit('publish', data), close: () => void socket.close() };
}

/** The products that have a client of their own, by server. */
export const OWN_CLIENTS = { gateway: gatewayClient, 'gateway-bun': gatewayClient, socketio: socketIoClient } as const;
