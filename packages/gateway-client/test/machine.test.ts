import { PROTOCOL_LIMITS } from 'gateway-protocol';
import { expect, test } from 'vitest';
import * as bounds from '../src/bounds.js';
import { type Input, nextState, type State } from '../src/machine.js';

const STATES = ['idle', 'token', 'opening', 'identifying', 'online', 'waiting', 'suspended', 'stopped', 'closed'] as const;
const INPUTS = ['start', 'begin', 'token', 'open', 'ready', 'lost', 'suspend', 'stop', 'rest', 'close'] as const;

test('what is at rest is only moved by the application', () => {
  const moves = STATES.flatMap((state) =>
    INPUTS.filter((input) => nextState(state, input) !== null).map((input) => [state, input] as const),
  );
  const atRest = moves.filter(([state]) => ['idle', 'stopped', 'closed'].includes(state)).map(([, input]) => input);
  expect(new Set(atRest)).toEqual(new Set<Input>(['start', 'rest', 'close']));
  // Every state leads to every other one.
  const reached = new Set<State>(['idle']);
  for (let round = 0; round < STATES.length; round += 1) {
    for (const state of [...reached]) for (const input of INPUTS) reached.add(nextState(state, input) ?? state);
  }
  expect(reached.size).toBe(STATES.length);
});

test.each(['token', 'opening', 'identifying', 'online', 'waiting', 'suspended'] as const)(
  '%s can always be closed, stopped and put to sleep',
  (state) => {
    expect(nextState(state, 'close')).toBe('closed');
    expect(nextState(state, 'stop')).toBe('stopped');
    expect(nextState(state, 'suspend')).toBe(state === 'suspended' ? null : 'suspended');
    expect(nextState(state, 'start')).toBeNull();
  },
);

test('bounds are those of the contract', () => {
  const { idLengthMax, tailMax, resumeGroupsMax, messageBytesMax } = PROTOCOL_LIMITS;
  expect({ ...bounds }).toEqual({
    ID_LENGTH_MAX: idLengthMax,
    TAIL_MAX: tailMax,
    RESUME_GROUPS_MAX: resumeGroupsMax,
    MESSAGE_BYTES_MAX: messageBytesMax,
  });
});
