import { headerLength } from '../transport/frame.js';
import type { GatewaySocket, SocketListener } from '../transport/socket.js';
import type { LinkPipe } from './link-pipe.js';
import type { MemoryLink } from './memory-link.js';
import type { ClientEnd, MemoryPeer } from './memory-socket.js';
import { framesOf } from './texts-of.js';

/** A close frame: how the connection is to end. */
interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** What one end of the connection knows of its end. */
interface End {
  closeSent: boolean;
  closeReceived: Closing | undefined;
  /** Its socket has ended. */
  over: boolean;
}

/** Without a close frame (RFC 6455 §7.1.5). */
const LOST: Closing = { code: 1006, reason: '' };
/** A client's frames are masked (RFC 6455 §5.3). */
const MASK_BYTES = 4;
/** The end of a stream takes a place in it (RFC 9293 §3.4). */
const FIN_BYTES = 1;

const frameBytes = (payloadBytes: number) => headerLength(payloadBytes) + payloadBytes;
const closeBytes = ({ code, reason }: Closing) => frameBytes(code === 1005 ? 0 : 2 + Buffer.byteLength(reason));

/**
 * A client's socket at the end of a {@link MemoryLink}, with what `ws` does at both ends: a ping is answered by a pong, a close frame by a
 * close frame, and the gateway's end then ends the TCP connection (RFC 6455 §7.1.1).
 */
export class LinkedSocket implements GatewaySocket, ClientEnd {
  readonly #toClient: LinkPipe;
  readonly #toGateway: LinkPipe;
  readonly #gateway: End = { closeSent: false, closeReceived: undefined, over: false };
  readonly #client: End = { closeSent: false, closeReceived: undefined, over: false };
  #listener: SocketListener | undefined;
  #peer: MemoryPeer | undefined;
  #awaitsDrain = false;

  constructor(private readonly link: MemoryLink) {
    const { toClient, toGateway } = link.attach(() => {
      toClient.inform(() => this.#clientLost());
      toGateway.inform(() => this.#gatewayOver());
    });
    this.#toClient = toClient;
    this.#toGateway = toGateway;
  }

  get bufferedBytes(): number {
    return this.#toClient.bufferedBytes;
  }

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  connect(peer: MemoryPeer): void {
    this.#peer = peer;
  }

  write(frames: Buffer): boolean {
    if (!isOpen(this.#gateway)) return true;
    const pieces = [...framesOf(frames)].map((frame) => ({ bytes: frame.length, read: () => this.#peer?.frames(frame) }));
    if (this.#toClient.send(...pieces)) return true;
    if (this.#awaitsDrain) return false;
    this.#awaitsDrain = true;
    this.#toClient.onceDrained(() => {
      this.#awaitsDrain = false;
      this.#listener?.drain();
    });
    return false;
  }

  ping(): void {
    if (!isOpen(this.#gateway)) return;
    const pong = () => {
      const answers = this.#peer?.ping?.() === true;
      if (answers && isOpen(this.#client)) this.#sendToGateway(0, () => this.#listener?.ping());
    };
    this.#toClient.send({ bytes: frameBytes(0), read: pong });
  }

  pause(): void {
    this.#toGateway.pause();
  }

  resume(): void {
    this.#toGateway.resume();
  }

  close(code: number, reason: string): void {
    const { over, closeSent, closeReceived } = this.#gateway;
    if (over || closeSent) return;
    this.#gateway.closeSent = true;
    const closing = { code, reason };
    this.#toClient.send({ bytes: closeBytes(closing), read: () => this.#clientIsClosed(closing) });
    if (closeReceived !== undefined) this.#finish();
  }

  terminate(): void {
    if (this.#gateway.over) return;
    this.#gateway.over = true;
    this.#toGateway.discard();
    this.#toClient.reset(() => this.#clientLost());
    queueMicrotask(() => this.#reportClosed());
  }

  send(text: string): void {
    if (!isOpen(this.#client)) return;
    const byteLength = Buffer.byteLength(text);
    this.#sendToGateway(byteLength, () => {
      // What comes after a close frame is nobody's, see `ws-transport.ts`.
      if (isOpen(this.#gateway)) this.#listener?.message(text, byteLength);
    });
  }

  sendPing(): void {
    if (!isOpen(this.#client)) return;
    this.#sendToGateway(0, () => {
      if (isOpen(this.#gateway)) this.#toClient.send({ bytes: frameBytes(0), read: () => {} });
      this.#listener?.ping();
    });
  }

  stopReading(): void {
    this.#toClient.pause();
  }

  startReading(): void {
    this.#toClient.resume();
  }

  vanish(): void {
    this.link.stall();
  }

  end(code: number, reason: string): void {
    if (this.#client.over) return;
    if (code === LOST.code) {
      this.#toGateway.reset(() => this.#gatewayOver());
      this.#toClient.discard();
      this.#clientOver(LOST);
    } else if (!this.#client.closeSent) {
      this.#client.closeSent = true;
      const closing = { code, reason };
      this.#toGateway.send({ bytes: closeBytes(closing) + MASK_BYTES, read: () => this.#gatewayIsClosed(closing) });
    }
  }

  #sendToGateway(payloadBytes: number, read: () => void): void {
    this.#toGateway.send({ bytes: frameBytes(payloadBytes) + MASK_BYTES, read });
  }

  /** The client has read a close frame. */
  #clientIsClosed(closing: Closing): void {
    this.#client.closeReceived = closing;
    if (!this.#client.closeSent) this.#peer?.closing(closing.code, closing.reason);
  }

  /** The gateway has read a close frame. */
  #gatewayIsClosed(closing: Closing): void {
    const answered = this.#gateway.closeSent;
    this.#gateway.closeReceived = closing;
    if (answered) {
      this.#finish();
      return;
    }
    this.#listener?.closing(closing.code, closing.reason);
    this.close(closing.code, closing.reason);
  }

  /** Both close frames have been sent: the gateway ends the TCP connection first, and the client then does. */
  #finish(): void {
    const read = () => {
      this.#clientOver(this.#client.closeReceived ?? LOST);
      this.#toGateway.send({ bytes: FIN_BYTES, read: () => this.#gatewayOver() });
    };
    this.#toClient.send({ bytes: FIN_BYTES, read });
  }

  #clientLost(): void {
    if (this.#client.over) return;
    this.#toGateway.discard();
    this.#clientOver(this.#client.closeReceived ?? LOST);
  }

  #clientOver({ code, reason }: Closing): void {
    this.#client.over = true;
    this.#peer?.closed(code, reason);
  }

  #gatewayOver(): void {
    if (this.#gateway.over) return;
    this.#gateway.over = true;
    this.#toClient.discard();
    this.#toGateway.discard();
    this.#reportClosed();
  }

  #reportClosed(): void {
    const { code, reason } = this.#gateway.closeReceived ?? LOST;
    this.#listener?.closed(code, reason);
  }
}

/** Whether an end may send: neither close frame was seen there. */
function isOpen({ closeSent, closeReceived, over }: End): boolean {
  return !closeSent && closeReceived === undefined && !over;
}
