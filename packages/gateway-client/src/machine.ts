/** Where a connection stands. `trying`: an attempt is under way. `waiting`: for the next one. */
export type State = 'idle' | 'trying' | 'online' | 'waiting' | 'suspended' | 'stopped' | 'closed';

/** What moves it. */
export type Input =
  /** The application wants a connection. */
  | 'start'
  /** It is time for an attempt. */
  | 'begin'
  /** `ready` has answered its `identify`. */
  | 'ready'
  /** It has failed, or the connection is lost. */
  | 'lost'
  /** The page sleeps. */
  | 'suspend'
  /** The gateway said not to come back. */
  | 'stop'
  /** Nobody holds it any more. */
  | 'rest'
  /** The application said so. */
  | 'close';

const CONNECTED: readonly State[] = ['trying', 'online'];
const AWAKE: readonly State[] = [...CONNECTED, 'waiting'];
const ACTIVE: readonly State[] = [...AWAKE, 'suspended'];

/** Where each input leads, and from where; from other states it does nothing. Its test has the whole table, cell by cell. */
const MOVES: Readonly<Record<Input, readonly [to: State, from: readonly State[]]>> = {
  start: ['trying', ['idle', 'stopped', 'closed']],
  begin: ['trying', ['waiting', 'suspended']],
  ready: ['online', ['trying']],
  lost: ['waiting', CONNECTED],
  suspend: ['suspended', AWAKE],
  stop: ['stopped', ACTIVE],
  rest: ['idle', [...ACTIVE, 'stopped']],
  close: ['closed', [...ACTIVE, 'stopped', 'idle']],
};

/** Where `input` leads from `state`, or `null`: nothing changes, and nothing is done. */
export function nextState(state: State, input: Input): State | null {
  const [to, from] = MOVES[input];
  return from.includes(state) ? to : null;
}
