import type { Gateway, GatewaySocket, SocketListener } from 'gateway-core';
import { connectClient, FakeClock, type LinkDirection, MemoryLink, type MemoryLinkOptions } from 'gateway-core/testing';
import { textFrame } from '../../src/transport/frame.js';

/** A client, and the socket at its other end, with nothing of a gateway but what it hears. */
export function connected(clock: FakeClock, link?: MemoryLink) {
  /** What the gateway's end heard, with the moment, in order. */
  const heard: [what: string, atMs: number][] = [];
  const hear = (what: string) => void heard.push([what, clock.monotonicMs()]);
  const listener: SocketListener = {
    message: (text) => hear(text),
    ping: () => hear('ping'),
    drain: () => hear('drain'),
    failed: (code) => hear(`failed ${code}`),
    closing: (code, reason) => hear(`closing ${code} ${reason}`),
    closed: (code, reason) => hear(`closed ${code} ${reason}`),
  };
  let socket: GatewaySocket | undefined;
  const accept = (accepted: GatewaySocket) => {
    socket = accepted;
    accepted.bind(listener);
    return '';
  };
  const client = connectClient({ accept } as unknown as Gateway, { link, answersPings: true });
  return { clock, client, socket: socket as unknown as Required<GatewaySocket>, heard, listener };
}

/** A client at the end of a link. */
export function linked(options: Omit<MemoryLinkOptions, 'clock'> = {}) {
  const clock = new FakeClock();
  const link = new MemoryLink({ clock, ...options });
  return { ...connected(clock, link), link };
}

/** Where the bytes of one way are. */
export function amounts({ bufferedBytes, kernelBytes, inFlightBytes, unreadBytes }: LinkDirection) {
  return { bufferedBytes, kernelBytes, inFlightBytes, unreadBytes };
}

/** A text frame of exactly this many bytes, that a client can read. */
export function frameOf(bytes: number, name: unknown = ''): Buffer {
  const headerBytes = bytes < 128 ? 2 : bytes < 65_540 ? 4 : 10;
  const start = `{"type":"data_update","payload":{"data":${JSON.stringify(name)}}`;
  return textFrame(`${start.padEnd(bytes - headerBytes - 1)}}`);
}

/** A text that makes a frame of exactly this many bytes, as a client sends it. */
export function textOf(bytes: number, name: string): string {
  return name.padEnd(bytes - 4 - (bytes < 132 ? 2 : bytes < 65_544 ? 4 : 10));
}
