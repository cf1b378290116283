import type { Gateway } from 'gateway-core';
import { connectionRow, groupRow } from './rows.js';
import { slowestFirst } from './slowness.js';
import type { ConnectionRow, GroupRow } from './wire.js';

/** Rows of each table that viewers are shown. Who is slow comes first. */
export const ROWS_MAX = 200;

interface Row {
  id: string;
}

/** What a table has, and what is new in it since the look before. */
export interface Look<Shown extends Row> {
  rows: Shown[];
  set: Shown[];
  gone: string[];
}

class Table<Shown extends Row> {
  #texts = new Map<string, string>();

  look(rows: Shown[]): Look<Shown> {
    const before = this.#texts;
    this.#texts = new Map(rows.map((row) => [row.id, JSON.stringify(row)]));
    return {
      rows,
      set: rows.filter(({ id }) => before.get(id) !== this.#texts.get(id)),
      gone: [...before.keys()].filter((id) => !this.#texts.has(id)),
    };
  }
}

/** What viewers see of the gateway at large, compared from look to look: it is made once for all of them. */
export class Board {
  readonly #connections = new Table<ConnectionRow>();
  readonly #groups = new Table<GroupRow>();

  constructor(
    private readonly gateway: Pick<Gateway, 'connections' | 'groups'>,
    private readonly hideMetadata: boolean,
  ) {}

  look(): { connections: Look<ConnectionRow>; groups: Look<GroupRow> } {
    const slowest = this.gateway.connections().sort(slowestFirst);
    const fullest = this.gateway.groups().sort((a, b) => b.connections - a.connections);
    return {
      connections: this.#connections.look(slowest.slice(0, ROWS_MAX).map((context) => connectionRow(context, this.hideMetadata))),
      groups: this.#groups.look(fullest.slice(0, ROWS_MAX).map(groupRow)),
    };
  }
}
