import { CHECKS } from '../../packages/gateway-sim/src/checks/checks.js';
import type { FinalUser, History, HistoryEntry, Violation } from '../../packages/gateway-sim/src/history.js';
import type { Plan } from '../../packages/gateway-sim/src/plan.js';

/**
 * Those of the simulator's checks that hold whatever the network and the processes do. Not `flapping` and `end`: a gateway that was killed has
 * forgotten its members, and what one has left over is asked of its process.
 */
const NAMES = ['found', 'order', 'strangers', 'holes', 'accepted', 'views', 'rights', 'converged', 'rosters'];

/** What the checks want to know of a plan: that hooks, stores, clocks and the host's own acts were at no fault. */
const NO_EXCUSE = { faults: [], actions: [], limits: {} } as unknown as Plan;

/** Runs the checks over what real clients saw. */
export function judge(entries: readonly HistoryEntry[], users: readonly FinalUser[]): Violation[] {
  const history: History = { entries, users, gateways: [], leftovers: [] };
  const checks = CHECKS.filter(({ name }) => NAMES.includes(name));
  if (checks.length !== NAMES.length) throw new Error('a check has another name now');
  return checks.flatMap(({ name, check }) => check(history, NO_EXCUSE).map(({ atMs, text }) => ({ check: name, atMs, text })));
}

/** What was met, for reports: how often each outcome, code and answer was seen. */
export function coverageOf(entries: readonly HistoryEntry[]): Record<string, number> {
  const covered: Record<string, number> = {};
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name !== undefined) covered[name] = (covered[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(covered).sort());
}

function nameOf(entry: HistoryEntry): string | undefined {
  if (entry.kind === 'closed') return `closed ${entry.code}`;
  if (entry.kind === 'refused') return `publish ${entry.code}`;
  if (entry.kind === 'accepted') return entry.duplicate ? 'publish accepted before' : 'publish accepted';
  if (entry.kind !== 'received') return undefined;
  const { type, payload = {} } = entry.message;
  const { outcome, reason, code, resumed } = payload;
  if (type === 'sync') return `sync ${outcome}${reason === undefined ? '' : ` ${reason}`}`;
  if (type === 'error') return `error ${code}`;
  if (type === 'ready') return resumed === undefined ? undefined : resumed ? 'ready resumed' : 'ready as another member';
  return `received ${type}`;
}
