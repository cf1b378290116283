import type { Gateway } from 'gateway-core';
import type { OutgoingToClient } from 'gateway-protocol';

/** One client of the scenario, whatever carries its messages. */
export interface EchoClient {
  readonly name: string;
  /** What it received and the scenario has not looked at yet, in order of arrival. */
  readonly inbox: OutgoingToClient[];
  /** How its connection ended, once it has. `why` is for people. */
  readonly ended: { code: number; why: string } | undefined;
  send(envelope: { type: string } & Record<string, unknown>): void;
  /** Closes cleanly, with 1000. */
  close(): void;
}

/** Where the scenario plays: real sockets and time, or neither. */
export interface World {
  /** Said first in the transcript. */
  readonly title: string;
  /** The gateway, where it runs in this process: then nobody else uses it, and the scenario looks into it too. */
  readonly gateway: Gateway | undefined;
  connect(name: string): EchoClient;
  /** An id that is new in this world. */
  newId(): string;
  /** Milliseconds since the start. */
  elapsedMs(): number;
  /** Lets time pass where time is free. Real time is not waited for. */
  pass(ms: number): Promise<void>;
  /** Waits until `probe` answers true. `false`: it did not within `timeoutMs`. Looks whenever a client has news, and after `change`. */
  until(probe: () => boolean, timeoutMs: number, change?: Promise<unknown>): Promise<boolean>;
  /** Lets go of everything, at once. */
  dispose(): Promise<void>;
}
