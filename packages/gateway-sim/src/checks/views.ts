import type { History, Told } from '../history.js';
import type { GoesOn } from '../parts/backend.js';
import type { Plan } from '../plan.js';
import type { Found } from './check.js';
import { mayDouble, mayResendEarly } from './known.js';
import { reading } from './wire.js';

/** What the user of one handle has been told so far. */
interface View {
  epoch: string;
  seq: number;
  /** In this log every place after this one was told, or said to be missing. */
  isWhole: boolean;
  readonly seen: Set<string>;
  /** Messages of a replay. */
  replayed: number;
}

/**
 * What users of handles were told: in order, each once, and whole over any number of connections unless a `sync` with `reset` or a `gap` says
 * otherwise.
 */
export function checkViews(history: History, plan: Plan): Found[] {
  const found: Found[] = [];
  const views = new Map<string, View>();
  const { truth, goesOn } = reading(history);
  for (const entry of history.entries) {
    if (entry.kind !== 'told') continue;
    const { handle, told, atMs } = entry;
    let view = views.get(handle);
    if (view === undefined) {
      view = { epoch: '', seq: 0, isWhole: false, seen: new Set(), replayed: 0 };
      views.set(handle, view);
    }
    const wrong = (text: string) => found.push({ atMs, text: `${handle}: ${text}` });
    if (told.type === 'message')
      tellMessage(
        view,
        told,
        wrong,
        (seq) => truth.at(told.groupId, told.epoch as string, seq)?.delivery,
        mayDouble(plan) || mayResendEarly(plan) || truth.said.get(told.id ?? '')?.resends === true,
      );
    else if (told.type === 'gap') view.seq = Math.max(view.seq, told.to as number);
    else tellSync(view, told, wrong, goesOn);
  }
  return found;
}

function tellMessage(
  view: View,
  { epoch, seq, id, replayed }: Told,
  wrong: (text: string) => void,
  deliveryOf: (seq: number) => string | undefined,
  canDouble: boolean,
): void {
  const at = seq as number;
  if (replayed === true) view.replayed += 1;
  if (epoch === view.epoch) {
    if (at <= view.seq) wrong(`message ${at} after ${view.seq}`);
    // Others may be passed over; which were what, is known of those that somebody has seen.
    for (let missing = view.seq + 1; view.isWhole && missing < at; missing += 1) {
      if (deliveryOf(missing) === 'reliable')
        wrong(`message ${at} after ${view.seq}: ${missing} is missing, and nothing said so`);
    }
  }
  const name = `${epoch} ${id}`;
  if (id !== undefined && view.seen.has(name) && !canDouble) wrong(`message ${id} twice`);
  view.seen.add(name);
  view.epoch = epoch as string;
  view.seq = at;
}

function tellSync(
  view: View,
  { groupId, epoch, seq, outcome, replayed }: Told,
  wrong: (text: string) => void,
  goesOn: GoesOn,
): void {
  const at = seq as number;
  // What was replayed was told before its log was named.
  const from = { epoch: view.epoch, seq: at - (replayed as number) };
  if (outcome === 'recovered' && view.isWhole && (!goesOn(groupId, from, epoch as string) || at !== view.seq))
    wrong(`"recovered" at ${epoch} ${at}, and stands at ${view.epoch} ${view.seq}`);
  if (outcome === 'live' && view.isWhole && epoch === view.epoch && at > view.seq)
    wrong(`"live" at ${at}, and stood at ${view.seq}`);
  // The last messages, as they are asked for with the first join.
  if (outcome === 'live' && !view.isWhole && replayed !== view.replayed)
    wrong(`was told of ${view.replayed} messages, and that ${replayed} were replayed`);
  view.epoch = epoch as string;
  // The last messages of the log follow the `reset` that says that there are others no more.
  view.seq = outcome === 'reset' ? at - (replayed as number) : at;
  view.isWhole = true;
}
