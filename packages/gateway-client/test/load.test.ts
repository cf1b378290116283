import fc from 'fast-check';
import type { Group } from 'gateway-client';
import type { LogPosition } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { World } from './support.js';

/** Numbers that somebody publishes, and who keeps them: the state is all of them. */
class Numbers {
  readonly stored: number[] = [];

  constructor(readonly world: World) {}

  async publish(): Promise<void> {
    this.stored.push(this.stored.length + 1);
    await this.world.gateway.publish('g', this.stored.length);
  }
}

/** The state as the application builds it: loaded, and messages laid over it. */
function follow(group: Group): { state: number[]; states: number } {
  const followed = { state: [] as number[], states: 0 };
  group.on('state', ({ state }) => {
    followed.state = [...(state as number[])];
    followed.states += 1;
  });
  group.on('message', ({ data }) => followed.state.push(data as number));
  return followed;
}

const STEPS = fc.array(fc.constantFrom('publish', 'answer', 'drop', 'time'), { minLength: 1, maxLength: 25 });

test('[B60] with a position nothing is lost or doubled, however publishing, loading and drops interleave', async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, fc.nat(3), fc.boolean(), async (steps, before, late) => {
      const world = new World();
      const numbers = new Numbers(world);
      for (let count = 0; count < before; count += 1) await numbers.publish();
      const answers: (() => void)[] = [];
      const load = async () => {
        // The position first, then the data; and between the two everything may happen.
        const look = async (): Promise<{ state: number[]; position: LogPosition }> => {
          const position = await world.gateway.position('g');
          return { state: numbers.stored.slice(0, position.seq), position };
        };
        const early = late ? undefined : await look();
        await new Promise<void>((resolve) => answers.push(resolve));
        return early ?? look();
      };
      const client = await world.online({ timings: { lingerMs: 0 } });
      const group = client.join('g', { load });
      const followed = follow(group);
      for (const step of steps) {
        if (step === 'publish') await numbers.publish();
        if (step === 'answer') answers.shift()?.();
        if (step === 'drop') world.socket.cut();
        if (step === 'time') await world.clock.advance(600);
        await world.clock.settle();
      }
      for (let round = 0; round < 5; round += 1) {
        for (const answer of answers.splice(0)) answer();
        await world.clock.advance(2_000);
      }
      expect(group.status.get().state).toBe('live');
      expect(followed.state).toEqual(numbers.stored);
      void client.close();
      await world.clock.advance(0);
      await world.gateway.close();
    }),
    { numRuns: 60 },
  );
});

test('[B61] without a position nothing is lost', async () => {
  const world = new World();
  const numbers = new Numbers(world);
  await numbers.publish();
  let answer = () => {};
  const load = async () => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return { state: [...numbers.stored] };
  };
  const group = (await world.online()).join('g', { load });
  const followed = follow(group);
  await world.clock.advance(0);
  await numbers.publish();
  await world.clock.advance(0);
  // What is kept to come back later is never past what was shown.
  expect(group.position).toBeUndefined();
  answer();
  await numbers.publish();
  await world.clock.advance(0);
  expect([...new Set(followed.state)]).toEqual(numbers.stored);
});

test('[B62] a position that is older than the join brings the group back to it', async () => {
  const world = new World();
  const numbers = new Numbers(world);
  for (let count = 0; count < 5; count += 1) await numbers.publish();
  const { epoch } = await world.gateway.position('g');
  const group = (await world.online()).join('g', { load: async () => ({ state: [1, 2], position: { epoch, seq: 2 } }) });
  const followed = follow(group);
  await world.clock.advance(0);
  await numbers.publish();
  await world.clock.advance(0);
  expect(followed.state).toEqual([1, 2, 3, 4, 5, 6]);
  expect(world.sent('join').map(({ payload }) => payload)).toEqual([
    { groupId: 'g' },
    { groupId: 'g', since: { epoch, seq: 2 } },
  ]);
  expect(group.status.get().state).toBe('live');
});

test('[B63] what does not fit while a load takes its time is dropped, told, and loaded again', async () => {
  const world = new World({ limits: { logMessagesMax: 5_000 } });
  const numbers = new Numbers(world);
  let calls = 0;
  const aborted: boolean[] = [];
  const load = ({ signal }: { signal: AbortSignal }) => {
    calls += 1;
    if (calls > 1) return Promise.resolve({ state: [...numbers.stored] });
    return new Promise<never>(() => signal.addEventListener('abort', () => aborted.push(true)));
  };
  const group = (await world.online()).join('g', { load });
  const followed = follow(group);
  await world.clock.advance(0);
  for (let count = 0; count < 1_025; count += 1) await numbers.publish();
  await world.clock.advance(0);
  expect(aborted).toEqual([true]);
  expect(world.errors).toMatchObject([{ groupId: 'g' }]);
  await world.clock.advance(1_000);
  expect(followed.state).toEqual(numbers.stored);
  expect(group.status.get().state).toBe('live');
});

test('[B64] load is not called after `recovered`, and is after `reset`; one that fails is tried again', async () => {
  const world = new World({ limits: { logMessagesMax: 2 } });
  const numbers = new Numbers(world);
  const reasons: string[] = [];
  const load = async ({ reason }: { reason: string }) => {
    reasons.push(reason);
    if (reasons.length === 1) throw new Error('the store is away');
    return { state: [...numbers.stored], position: await world.gateway.position('g') };
  };
  const group = (await world.online()).join('g', { load });
  const followed = follow(group);
  await world.clock.advance(1_000);
  expect(reasons).toEqual(['join', 'join']);
  expect(world.errors).toMatchObject([{ code: 'LISTENER' }]);
  world.socket.cut();
  await numbers.publish();
  await world.clock.advance(2_000);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered' });
  expect(reasons).toHaveLength(2);
  world.socket.cut();
  for (let count = 0; count < 5; count += 1) await numbers.publish();
  await world.clock.advance(5_000);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'reset' });
  expect(reasons).toEqual(['join', 'join', 'reset']);
  expect(followed.state).toEqual(numbers.stored);
});

test('a drop while the group is brought back to an older position loses nothing', async () => {
  const world = new World();
  const numbers = new Numbers(world);
  for (let count = 0; count < 5; count += 1) await numbers.publish();
  const { epoch } = await world.gateway.position('g');
  const client = await world.online();
  const other = client.join('g');
  const heard: unknown[] = [];
  other.on('message', ({ data }) => heard.push(data));
  await world.clock.advance(0);
  const group = client.join('g', { load: async () => ({ state: [1, 2], position: { epoch, seq: 2 } }) });
  const followed = follow(group);
  // The join that goes back is lost with its connection.
  world.socket.send = () => {};
  await world.clock.advance(0);
  world.socket.cut();
  await numbers.publish();
  await world.clock.advance(2_000);
  expect(followed.state).toEqual([1, 2, 3, 4, 5, 6]);
  expect(heard).toEqual([6]);
});

test('a state that is older than the join and comes while there is no connection loses nothing either', async () => {
  const world = new World();
  const numbers = new Numbers(world);
  for (let count = 0; count < 5; count += 1) await numbers.publish();
  const { epoch } = await world.gateway.position('g');
  const client = await world.online();
  let answer = () => {};
  const load = () =>
    new Promise<{ state: number[]; position: LogPosition }>((resolve) => {
      answer = () => resolve({ state: [1, 2], position: { epoch, seq: 2 } });
    });
  const followed = follow(client.join('g', { load }));
  await world.clock.advance(0);
  world.socket.cut();
  answer();
  await numbers.publish();
  await world.clock.advance(2_000);
  expect(followed.state).toEqual([1, 2, 3, 4, 5, 6]);
});
