/** Where a connection stands. */
export type State = 'idle' | 'token' | 'opening' | 'identifying' | 'online' | 'waiting' | 'suspended' | 'stopped' | 'closed';

/** What moves it. */
export type Input =
  /** The application wants a connection. */
  | 'start'
  /** It is time for an attempt. */
  | 'begin'
  /** The token for it is there. */
  | 'token'
  /** Its socket is open. */
  | 'open'
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

type Row = Readonly<Record<Input, State | null>>;

const NOWHERE: Row = {
  start: null,
  begin: null,
  token: null,
  open: null,
  ready: null,
  lost: null,
  suspend: null,
  stop: null,
  rest: null,
  close: null,
};
const AT_REST: Row = { ...NOWHERE, start: 'token', close: 'closed' };
const ACTIVE: Row = { ...NOWHERE, lost: 'waiting', suspend: 'suspended', stop: 'stopped', rest: 'idle', close: 'closed' };

/** Every cell is decided; `null`: nothing changes, and nothing is done. */
const TABLE: Readonly<Record<State, Row>> = {
  idle: AT_REST,
  token: { ...ACTIVE, token: 'opening' },
  opening: { ...ACTIVE, open: 'identifying' },
  identifying: { ...ACTIVE, ready: 'online' },
  online: ACTIVE,
  waiting: { ...ACTIVE, begin: 'token', lost: null },
  suspended: { ...ACTIVE, begin: 'token', lost: null, suspend: null },
  stopped: { ...AT_REST, rest: 'idle' },
  closed: { ...AT_REST, close: null },
};

/** Where `input` leads from `state`, or `null`. */
export const nextState = (state: State, input: Input): State | null => TABLE[state][input];
