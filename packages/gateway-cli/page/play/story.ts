import { h, mark, say } from '../dom.js';
import type { Player, PlayerSetup } from './player.js';

/** For how long anything may take. */
const STEP_MS = 15_000;
const PAUSE_MS = 700;

/** Where a story is played. */
export interface Stage {
  add(setup: Partial<PlayerSetup>): Player;
  /** Shows what the gateway makes of a group. */
  look(group: string): void;
}

/** Something that two clients show. */
export interface Plot {
  steps: readonly string[];
  /** @param done the next step is. @returns how it ended. */
  play(stage: Stage, group: string, done: () => Promise<void>): Promise<string>;
}

/** A plot, with its steps ticked off. */
export class Story {
  readonly node: HTMLElement;
  readonly #steps: HTMLElement[];
  readonly #outcome = h('b', { role: 'status' });

  constructor(
    private readonly plot: Plot,
    private readonly stage: Stage,
  ) {
    this.#steps = plot.steps.map((step) => h('li', {}, step));
    this.node = h('div', { class: 'story', hidden: true }, h('ol', {}, ...this.#steps), this.#outcome);
  }

  async run(): Promise<void> {
    this.node.hidden = false;
    for (const step of this.#steps) mark(step, 'done', false);
    say(this.#outcome, '');
    const left = [...this.#steps];
    const done = async () => {
      const step = left.shift();
      if (step !== undefined) mark(step, 'done', true);
      await pause(PAUSE_MS);
    };
    try {
      const group = `story-${Math.random().toString(36).slice(2, 7)}`;
      say(this.#outcome, await this.plot.play(this.stage, group, done));
    } catch (error) {
      say(this.#outcome, (error as Error).message);
    }
  }
}

const isLive = ({ group }: Player) => group.status.get().state === 'live';

/** What resuming is. */
export const RESUME: Plot = {
  steps: [
    'ada and bob join a group',
    'they greet each other',
    'bob loses his connection',
    'ten messages pass without him',
    'bob comes back',
    'he has missed nothing',
  ],
  async play({ add, look }, group, done) {
    const [ada, bob] = [add({ name: 'ada', group }), add({ name: 'bob', group })];
    await until(() => isLive(ada) && isLive(bob));
    look(group);
    await done();
    await ada.say({ text: 'hello bob' }, 'reliable', '');
    await bob.say({ text: 'hello ada' }, 'reliable', '');
    await done();
    bob.sleep(60_000);
    await until(() => bob.client.status.get().state !== 'online');
    await done();
    for (let n = 1; n <= 10; n += 1) await ada.say({ text: `message ${n} of 10` }, 'reliable', '');
    await done();
    bob.outcome = '';
    bob.wake();
    await until(() => bob.client.status.get().state === 'online');
    await done();
    await until(() => bob.outcome !== '');
    await done();
    return `${bob.outcome}, ${bob.replayed} replayed`;
  },
};

/** A snapshot and the stream after it: `load`. */
export const LOAD: Plot = {
  steps: [
    'ada counts in a group, and somebody keeps the sum',
    'bob joins, and asks for the sum: that takes a while',
    'ada goes on meanwhile',
    'the sum comes, as it was when bob asked',
    'what was counted since follows it, once',
  ],
  async play({ add, look }, group, done) {
    const ada = add({ name: 'ada', group });
    await until(() => isLive(ada));
    look(group);
    const count = async (from: number) => {
      for (let n = from; n < from + 5; n += 1) await ada.say({ add: n }, 'reliable', '');
    };
    let kept = 0;
    ada.group.on('message', ({ data }) => {
      kept += addend(data);
    });
    await count(1);
    await done();
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let isAsked = false;
    const load = async () => {
      const snapshot = { state: kept, position: ada.group.position };
      isAsked = true;
      await asked;
      return snapshot;
    };
    const bob = add({ name: 'bob', group, load });
    let [sum, followed] = [0, 0];
    bob.group.on('state', ({ state }) => {
      sum = state as number;
    });
    bob.group.on('message', ({ data }) => {
      sum += addend(data);
      followed += 1;
    });
    await until(() => isAsked);
    await done();
    await count(6);
    await done();
    answer();
    await until(() => isLive(bob));
    await done();
    await until(() => followed >= 5);
    await done();
    return `both have ${kept}${sum === kept ? '' : `, but bob has ${sum}`}: ${followed} after the snapshot`;
  },
};

const addend = (data: unknown) => (data as { add?: number }).add ?? 0;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 50) {
    if (waited > STEP_MS) throw new Error('it takes too long: is the gateway there, and does it let this page in?');
    await pause(50);
  }
}
