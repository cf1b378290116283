import { CHECKS, type Happening, type History, makePlan, type Plan, type WireMessage } from 'gateway-sim';

export const PLAN: Plan = {
  ...makePlan('any', undefined, []),
  shared: false,
  principals: false,
  timings: {},
  limits: {},
  network: { leastMs: 5, mostMs: 5, bytesPerSecond: 0, bufferBytes: 65_536 },
  actsMs: 20_000,
  actions: [],
};
export const EPOCH = 'e';

export type Step = Happening;
export const on = (connection: string) => ({
  who: connection.split('#')[0] as string,
  life: `${connection.split('#')[0]}.1`,
  connection,
});
export const open = (connection: string): Step => ({ kind: 'open', ...on(connection), gateway: 'gateway-1' });
export const sends = (connection: string, message: WireMessage): Step => ({ kind: 'sent', ...on(connection), message });
export const gets = (connection: string, message: WireMessage): Step => ({ kind: 'received', ...on(connection), message });
export const identify = (connection: string, groups: object): Step =>
  sends(connection, { type: 'identify', payload: { resume: { groups } } });
export const ready = (connection: string, more: object = {}): Step =>
  gets(connection, { type: 'ready', payload: { memberId: `m-${on(connection).who}`, resumed: false, groups: ['g'], ...more } });
export const sync = (connection: string, seq: number, more: object = {}): Step =>
  gets(connection, { type: 'sync', payload: { groupId: 'g', epoch: EPOCH, seq, outcome: 'live', replayed: 0, ...more } });
export const says = (connection: string, n: number, more: object = {}): Step =>
  sends(connection, { type: 'data_update', id: `id-${n}`, groupId: 'g', payload: { data: n }, ...more });
export const hears = (connection: string, seq: number, more: object = {}): Step =>
  gets(connection, { type: 'data_update', id: `id-${seq}`, groupId: 'g', seq, payload: { data: seq }, ...more });
export const acked = (connection: string, n: number, seq = n): Step =>
  gets(connection, { type: 'ack', payload: { id: `id-${n}`, epoch: EPOCH, seq } });
export const enters = (connection: string, since: object = {}): Step[] => [
  open(connection),
  identify(connection, { g: since }),
  ready(connection),
];

/** The step at another moment than its place says. */
export const at = (atMs: number, step: Step): Step => Object.assign({ atMs }, step);
export const talks: Step[] = [...enters('ada#1'), sync('ada#1', 0), ...enters('bob#2'), sync('bob#2', 0)];

/** Ada says three things, and bob, who was there, hears them. */
export const TALK: Step[] = [
  ...talks,
  ...[1, 2, 3].flatMap((n) => [says('ada#1', n), acked('ada#1', n), hears('ada#1', n), hears('bob#2', n)]),
];

export function historyOf(steps: Step[], rest: Partial<History> = {}): History {
  return { entries: steps.map((step, at) => ({ atMs: at, ...step })), users: [], gateways: [], leftovers: [], ...rest };
}

/** Names of the checks that find something. */
export function found(history: History, plan = PLAN): string[] {
  return CHECKS.filter(({ check }) => check(history, plan).length > 0).map(({ name }) => name);
}
