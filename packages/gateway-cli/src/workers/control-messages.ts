import type { GatewayStats } from 'gateway-core';
import type { ServeConfig } from '../config.js';
import type { Samples } from '../metrics/samples.js';

/** What the primary says to a worker, beside the socket of the shared parts. */
export type ToWorker =
  /** Once, after its `hello`. */
  | { type: 'start'; config: ServeConfig; worker: number; color: boolean }
  /** `hand over`: it stops accepting at once, for others go on; `all`: as a gateway that ends alone. */
  | { type: 'drain'; how: 'hand over' | 'all' }
  | Question;

/** Answered by what bears its type and its id. */
export type Question = { type: 'stats' | 'metrics'; id: number };

/** The metrics of a worker: of its gateway, and of Node in its process. */
export interface WorkerSamples {
  gateway: Samples[];
  node: Samples[];
}

export type Answer =
  | { type: 'stats'; id: number; stats: GatewayStats }
  /** With the id 0 nobody has asked: the last ones, of a worker that has drained. */
  | { type: 'metrics'; id: number; samples: WorkerSamples };

/** What a worker says to the primary. */
export type ToPrimary =
  | { type: 'hello'; version: number }
  | ({ type: 'serving' } & ServingAddress)
  /** It will not serve, and ends; `usage`: for what the command line or the environment says. */
  | { type: 'failed'; message: string; usage: boolean }
  | Answer;

/** Where a worker serves: all on the same address. */
export interface ServingAddress {
  url: string;
  healthUrl: string;
  address: string;
  port: number;
}
