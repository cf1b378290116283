import { parseArgs } from 'node:util';
import type { Case } from './case-kinds.js';
import { CASES } from './cases.js';
import { SERVERS, type ServerName } from './job.js';

export const HELP = `Measures the gateway beside its peers: server CPU per delivery, deliveries per second, latency, memory.

Usage: pnpm bench [flags]

  --case <ids>       only these cases, separated by commas:
                     ${CASES.map(({ id }) => id).join(', ')}
  --against <names>  the gateway and only these peers: ${SERVERS.slice(1).join(', ')}
  --servers <names>  exactly these servers, the gateway only if it is named
  --repeats <n>      runs of each server per case, interleaved (default 3)
  --quick            tiny sizes: shows that everything runs, measures nothing
  --out <file>       where the JSON goes (default bench/results/<date>.json)
  --profile <folder> writes a V8 CPU profile of each run of a Node server there; costs are higher then
  --write-docs       writes docs/benchmarks.md, .svg and .json too; cases that were not measured stay as they are there
  --check            compares the ratios with those that docs/benchmarks.json has, says which runs cannot be trusted, and exits 1 where one has
                     changed by more than a tenth
  --help`;

/** What to run and where results go. */
export interface Flags {
  cases: readonly Case[];
  servers: readonly ServerName[];
  /** Whether servers were named one by one, so that none may be left out silently. */
  explicit: boolean;
  repeats: number;
  quick: boolean;
  out: string | undefined;
  profile: string | undefined;
  writeDocs: boolean;
  check: boolean;
  help: boolean;
}

/** A flag that makes no sense; the message is for the user. */
export class FlagError extends Error {}

function pick<Item>(flag: string, value: string, all: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !all.some((item) => nameOf(item) === name));
  if (unknown.length > 0)
    throw new FlagError(`--${flag}: no such thing as ${unknown.join(', ')}; there are ${all.map(nameOf).join(', ')}`);
  return all.filter((item) => names.includes(nameOf(item)));
}

/** @throws FlagError */
export function parseFlags(args: readonly string[]): Flags {
  const options = {
    case: { type: 'string' },
    against: { type: 'string' },
    servers: { type: 'string' },
    repeats: { type: 'string' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    profile: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ args: args.filter((arg) => arg !== '--'), options }));
  } catch (error) {
    throw new FlagError((error as Error).message);
  }
  const quick = values.quick === true;
  const repeats = Number(values.repeats ?? (quick ? 1 : 3));
  if (!Number.isInteger(repeats) || repeats < 1) throw new FlagError('--repeats: a whole number from 1');
  if (quick && values['write-docs']) throw new FlagError('--write-docs: a quick run measures nothing');
  if (values.check && (quick || values['write-docs'])) throw new FlagError('--check: with neither --quick nor --write-docs');
  if (values.against !== undefined && values.servers !== undefined)
    throw new FlagError('--against and --servers exclude each other');
  const byName = (name: ServerName) => name;
  let servers: readonly ServerName[] = SERVERS;
  if (values.servers !== undefined) servers = pick('servers', values.servers, SERVERS, byName);
  else if (values.against !== undefined) servers = ['gateway', ...pick('against', values.against, SERVERS.slice(1), byName)];
  return {
    cases: values.case === undefined ? CASES : pick('case', values.case, CASES, ({ id }) => id),
    servers,
    explicit: servers !== SERVERS,
    repeats,
    quick,
    out: values.out,
    profile: values.profile,
    check: values.check === true,
    writeDocs: values['write-docs'] === true,
    help: values.help === true,
  };
}
