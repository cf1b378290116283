import type { WebSocketConstructor } from './web-socket.js';

/** Of the globals, what the client looks for; none of them need be there. */
interface Platform {
  WebSocket?: WebSocketConstructor;
  location?: { href: string };
  navigator?: { onLine?: boolean };
  document?: Target & { visibilityState: string };
  addEventListener?: unknown;
}

/** What dispatches events. */
export interface Target {
  addEventListener(type: string, listener: (event: { persisted?: boolean }) => void): void;
  removeEventListener(type: string, listener: (event: { persisted?: boolean }) => void): void;
}

export const platform = globalThis as unknown as Platform;

/** The URL as a WebSocket takes it. @throws TypeError where it is none. */
export function socketUrl(url: string | URL): string {
  return new URL(url, platform.location?.href).href.replace(/^http/, 'ws');
}

/** 128 random bits in hexadecimal. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
