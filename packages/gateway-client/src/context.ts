import type { ClientEvents } from './client.js';
import type { ClientClock } from './clock.js';
import type { Deadlines } from './deadlines.js';
import type { Dispatcher } from './dispatcher.js';
import type { Emitter } from './emitter.js';
import type { GatewayClientError } from './errors.js';
import type { ClientOptions, ClientTimings } from './options.js';
import type { Session } from './session.js';

/** What all parts of one client share. */
export interface Context {
  readonly options: ClientOptions;
  readonly timings: ClientTimings;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly generateId: () => string;
  readonly dispatcher: Dispatcher;
  readonly deadlines: Deadlines;
  readonly events: Emitter<ClientEvents>;
  readonly session: Session;
  /** What nobody awaits. */
  report(error: GatewayClientError): void;
  /** For tools; costs nothing while nobody listens. */
  frame(direction: 'in' | 'out', text: string): void;
}
