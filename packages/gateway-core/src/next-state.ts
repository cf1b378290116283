/** What each event makes of each state, for every state and event, so that the compiler finds what was forgotten; `never`: it cannot come then. */
export type StateTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Record<Event, State | 'never'>>>
>;

/** @param what is in the state, for the error: `a connection`. */
export function nextState<State extends string, Event extends string>(
  table: StateTable<State, Event>,
  what: string,
  state: State,
  event: Event,
): State {
  const next = table[state][event];
  if (next === 'never') throw new Error(`${what} that is ${state} cannot be ${event}`);
  // What is left of the union; the compiler cannot take a word from a type parameter.
  return next as State;
}
