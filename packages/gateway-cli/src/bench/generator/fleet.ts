import { Client, type ClientContext } from './client.js';
import { Ledger } from './ledger.js';
import type { Filling } from './payload.js';
import { Publisher } from './publisher.js';

/** Handshakes that are under way at once. */
export const HANDSHAKES_MAX = 256;

/** Size and shape of a fleet. */
export interface FleetOptions {
  groups: number;
  /** Clients in all, spread over the groups as evenly as it goes. */
  connections: number;
  /** Members of each group that publish. Default 1. */
  publishersPerGroup?: number | undefined;
  /** Bytes of data in each message. */
  dataBytes: number;
  /** What fills them. Default `x`, over and over. */
  filling?: Filling | undefined;
  /** Most messages of one publisher in flight. */
  inFlightMax: number;
  /** Whether its clients can come back as the members that they were. Default `false`. */
  resumes?: boolean | undefined;
  /** Begins the names of the groups, which are then numbered. */
  groupPrefix: string;
}

/** Runs `work` for all of `items`, at most {@link HANDSHAKES_MAX} at a time; rejects with the first failure. */
export async function forAll<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(HANDSHAKES_MAX, items.length) }, lane));
}

/** Connects a client and joins it to its group. */
export async function enter(client: Client): Promise<void> {
  await client.connect();
  await client.join();
}

/** Clients in groups, and for each publisher of a group a ledger. */
export class Fleet {
  readonly clients: Client[] = [];
  readonly ledgers: Ledger[] = [];
  private readonly context: ClientContext;
  private readonly dataBytes: number;
  private readonly filling: Filling | undefined;
  private readonly groups: { members: Client[]; ledgers: Ledger[] }[] = [];

  constructor(context: ClientContext, options: FleetOptions) {
    this.context = context;
    this.dataBytes = options.dataBytes;
    this.filling = options.filling;
    const { groups, connections, publishersPerGroup = 1, inFlightMax, groupPrefix, resumes } = options;
    for (let g = 0; g < groups; g++) {
      const ledgers = Array.from({ length: publishersPerGroup }, (_, i) => new Ledger(`${groupPrefix}${g}`, inFlightMax, i));
      const size = Math.floor(connections / groups) + (g < connections % groups ? 1 : 0);
      const members = Array.from({ length: size }, () => new Client(context, ledgers, { resumes }));
      this.groups.push({ members, ledgers });
      this.ledgers.push(...ledgers);
      this.clients.push(...members);
    }
  }

  /** Connects all clients and joins them to their groups. @throws Fault the first of them, of a client that could not. */
  open(): Promise<void> {
    return forAll(this.clients, enter);
  }

  /** The first members of each group that are there, as its publishers. To be asked for once, after the fleet has opened. */
  publishers(): Publisher[] {
    return this.groups.flatMap(({ members, ledgers }) =>
      members
        .filter((client) => client.isMember)
        .slice(0, ledgers.length)
        .map((client, i) => new Publisher(client, ledgers[i]!, this.context.dialect, this.dataBytes, this.filling)),
    );
  }

  /** Drops all connections. */
  drop(): void {
    for (const client of this.clients) client.leave();
  }

  /** Messages received by all clients together. */
  get received(): number {
    return this.clients.reduce((sum, { receipts }) => sum + receipts.received, 0);
  }
}
