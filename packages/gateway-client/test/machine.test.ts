import { PROTOCOL_LIMITS } from 'gateway-protocol';
import { expect, test } from 'vitest';
import * as bounds from '../src/bounds.js';
import { type Input, nextState, type State } from '../src/machine.js';

type Row = Readonly<Record<Input, State | null>>;

const NOWHERE: Row = {
  start: null,
  begin: null,
  ready: null,
  lost: null,
  suspend: null,
  stop: null,
  rest: null,
  close: null,
};
const AT_REST: Row = { ...NOWHERE, start: 'trying', close: 'closed' };
const ACTIVE: Row = { ...NOWHERE, lost: 'waiting', suspend: 'suspended', stop: 'stopped', rest: 'idle', close: 'closed' };

/** Every cell is decided, as the compiler sees; `null`: nothing changes, and nothing is done. */
const TABLE: Readonly<Record<State, Row>> = {
  idle: AT_REST,
  trying: { ...ACTIVE, ready: 'online' },
  online: ACTIVE,
  waiting: { ...ACTIVE, begin: 'trying', lost: null },
  suspended: { ...ACTIVE, begin: 'trying', lost: null, suspend: null },
  stopped: { ...AT_REST, rest: 'idle' },
  closed: { ...AT_REST, close: null },
};

test.each(Object.keys(TABLE) as State[])('from %s, every input leads where the table says', (state) => {
  const inputs = Object.keys(NOWHERE) as Input[];
  expect(Object.fromEntries(inputs.map((input) => [input, nextState(state, input)]))).toEqual(TABLE[state]);
});

test('what is at rest is only moved by the application, and every state leads to every other one', () => {
  const moves = (['idle', 'stopped', 'closed'] as const).flatMap((state) => Object.entries(TABLE[state]));
  const effective = moves.filter(([, next]) => next !== null).map(([input]) => input);
  expect(new Set(effective)).toEqual(new Set<Input>(['start', 'rest', 'close']));
  const reached = new Set<State>(['idle']);
  for (const state of reached) for (const next of Object.values(TABLE[state])) if (next !== null) reached.add(next);
  expect(reached.size).toBe(Object.keys(TABLE).length);
});

test('bounds are those of the contract', () => {
  const { idLengthMax, tailMax, resumeGroupsMax, messageBytesMax } = PROTOCOL_LIMITS;
  expect({ ...bounds }).toEqual({
    ID_LENGTH_MAX: idLengthMax,
    TAIL_MAX: tailMax,
    RESUME_GROUPS_MAX: resumeGroupsMax,
    MESSAGE_BYTES_MAX: messageBytesMax,
  });
});
