import { createClient } from '@redis/client';

/** What a connection is opened with. */
export interface WireOptions {
  url: string;
  /** Over what the URL says; see `RedisBackendOptions`. */
  username?: string | undefined;
  password?: string | undefined;
  /** Client name, as `CLIENT LIST` shows it. */
  name: string;
  connectTimeoutMs: number;
}

/** What a `Link` needs of the client library: one TCP connection that encodes and decodes. A simulation has one of its own. */
export interface Wire {
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: string[]): Promise<unknown>;
  subscribe(channels: string[], listener: (payload: Buffer, channel: Buffer) => void, bufferMode: true): Promise<unknown>;
  unsubscribe(channels: string[], listener: undefined, bufferMode: true): Promise<unknown>;
  /** What is under way rejects. @throws where it was never open. */
  destroy(): void;
}

export type Dial = (options: WireOptions) => Wire;

let template: ReturnType<typeof createClient> | undefined;

export const dialRedis: Dial = ({ url, username, password, name, connectTimeoutMs }) => {
  // Each `createClient` makes a class with a method for every command, which takes 30 ms.
  template ??= createClient({ RESP: 3 });
  return template.duplicate({
    url,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    name,
    RESP: 3,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    disableClientInfo: true,
    // `waitedMs` tells of what is not answered: a timer for each command would cost more than the command.
    commandOptions: { timeout: undefined },
    socket: { reconnectStrategy: false, connectTimeout: connectTimeoutMs, keepAliveInitialDelay: 5_000 },
  });
};
