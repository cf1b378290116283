import { WebSocket } from 'ws';
import type { WireMessage } from '../../packages/gateway-sim/src/history.js';

/** Told what goes over one connection, in the step in which it does. */
export interface Tap {
  opened(): void;
  sent(message: WireMessage): void;
  received(message: WireMessage): void;
  closed(code: number): void;
}

/** The WebSocket of `ws`, with a listener that comes before the client's. */
export class TappedSocket extends WebSocket {
  constructor(
    url: string,
    private readonly tap: Tap,
  ) {
    super(url);
    this.on('open', () => tap.opened());
    this.on('message', (bytes) => tap.received(JSON.parse(String(bytes)) as WireMessage));
    this.on('close', (code) => tap.closed(code));
    this.on('error', () => {});
  }

  override send(text: string): void {
    this.tap.sent(JSON.parse(text) as WireMessage);
    super.send(text);
  }
}
