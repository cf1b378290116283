import fc from 'fast-check';

/** A resume token, by whose it is. */
export type Name =
  | { of: 'newest' | 'used' | 'other' | 'ada' }
  | { of: 'ada, changed' | 'ada, cut'; at: number }
  | { of: 'drawn'; value: unknown };

/** One thing that an attacker does; or time passes, or Ada does something. */
export type Attack = { attacker: number; settles: boolean } & (
  | {
      do: 'identify';
      on: 'the same' | 'another' | 'a new one';
      leaves: 'cut' | 'close' | 'vanish';
      version: unknown;
      payload: Record<string, unknown>;
      resumeToken: Name;
      groups: unknown;
    }
  | { do: 'text'; text: string }
  | { do: 'wait'; ms: number }
  | { do: 'ada'; how: 'says' | 'comes back' }
);

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, '', -1, 0, 0.5, 2 ** 53, 1e308, '__proto__', [], {}, ['g'], 'x'.repeat(129), 'x'.repeat(8_193)),
);
/** Mostly what an honest client would send there, or it would get no further than the first check. */
const mostly = (right: fc.Arbitrary<unknown>) => fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: anything });

const group = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('g', 'g', 'private', 'h', '__proto__', 'constructor') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) },
);
/** Stand in what is drawn for what is known only when it is sent: the epoch of the group `g`, and the attacker's own credentials. */
export const EPOCH = '@epoch';
export const OWN = '@own';

const epoch = fc.oneof(
  { weight: 4, arbitrary: fc.constant(EPOCH) },
  { weight: 1, arbitrary: fc.constantFrom('id-1', 'elsewhere') },
);
const tail = mostly(fc.constantFrom(1, 5, 1_000_000));
const position = { epoch: mostly(epoch), seq: mostly(fc.constantFrom(0, 1, 2, 3, 100, Number.MAX_SAFE_INTEGER)) };
const since = fc.oneof(
  fc.record({ ...position, tail }, { requiredKeys: ['epoch', 'seq'] }),
  fc.record({ tail }),
  fc.constant({}),
);
const many = fc
  .constantFrom(20, 999, 1_000, 1_001)
  .map((count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`many-${n}`, { tail: 1_000_000 }])));
const groups = fc.oneof(
  { weight: 30, arbitrary: fc.dictionary(group, mostly(since), { maxKeys: 5 }) },
  { weight: 1, arbitrary: many },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: anything },
);
const whose = fc.constantFrom<Name[]>({ of: 'newest' }, { of: 'newest' }, { of: 'used' }, { of: 'other' }, { of: 'ada' });
const resumeToken: fc.Arbitrary<Name> = fc.oneof(
  { weight: 20, arbitrary: whose },
  { weight: 3, arbitrary: fc.record({ of: fc.constantFrom('ada, changed' as const, 'ada, cut' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ of: fc.constant('drawn' as const), value: anything }) },
);
/** Not `ada`: who has her credentials is her. */
const token = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(OWN, OWN, OWN, OWN, 'mal', undefined) },
  { weight: 2, arbitrary: fc.constant('no') },
  { weight: 1, arbitrary: anything.filter((value) => value !== 'ada') },
);
const identify = fc.record({
  do: fc.constant('identify' as const),
  on: fc.constantFrom('the same' as const, 'another' as const, 'a new one' as const),
  leaves: fc.constantFrom('cut' as const, 'cut' as const, 'close' as const, 'vanish' as const),
  version: fc.oneof(
    { weight: 40, arbitrary: fc.constant('2') },
    { weight: 1, arbitrary: fc.constantFrom('1', undefined, 2, '3') },
  ),
  payload: fc.record({ token, groupId: mostly(group), metadata: mostly(fc.constant({ n: 1 })) }, { requiredKeys: ['token'] }),
  resumeToken,
  groups,
});

const message = fc
  .record(
    {
      type: fc.constantFrom('join', 'leave', 'data_update', 'presence', 'heartbeat', 'ready', 'sync', '__proto__'),
      id: mostly(fc.constantFrom('a', 'b', 'ada-g-0')),
      groupId: mostly(group),
      seq: anything,
      from: anything,
      delivery: mostly(fc.constantFrom('reliable', 'latest', 'volatile')),
      key: mostly(fc.constant('k')),
      payload: fc.record(
        { groupId: mostly(group), since: mostly(since), data: anything.map((value) => [value]), state: anything },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['type', 'payload'] },
  )
  .map((value) => JSON.stringify(value));
const broken = fc
  .tuple(message, fc.nat(), fc.nat(8), fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\u0000', ''))
  .map(([text, at, length, piece]) => text.slice(0, at % text.length) + piece + text.slice((at % text.length) + length));
const text = fc.record({ do: fc.constant('text' as const), text: fc.oneof({ weight: 4, arbitrary: message }, broken) });

const about = fc.record({ attacker: fc.nat(2), settles: fc.boolean() });

/** Any attack. */
export const attack: fc.Arbitrary<Attack> = fc
  .tuple(
    about,
    fc.oneof(
      { weight: 6, arbitrary: identify },
      { weight: 4, arbitrary: text },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 1_000, 16_000) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('ada' as const), how: fc.constantFrom('says' as const, 'comes back' as const) }),
      },
    ),
  )
  .map(([one, what]) => ({ ...one, ...what }) as Attack);
