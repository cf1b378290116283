import { h, mark, say } from '../dom.js';
import type { Player, PlayerSetup } from './player.js';

const STEPS = [
  'ada and bob join a group',
  'they greet each other',
  'bob loses his connection',
  'ten messages pass without him',
  'bob comes back',
  'he has missed nothing',
] as const;
/** For how long anything may take. */
const STEP_MS = 15_000;
const PAUSE_MS = 700;

/** Shows by two clients what resuming is. */
export class Story {
  readonly node: HTMLElement;
  readonly #steps = STEPS.map((step) => h('li', {}, step));
  readonly #outcome = h('b', { role: 'status' });

  constructor(
    private readonly add: (setup: Partial<PlayerSetup>) => Player,
    private readonly look: (group: string) => void,
  ) {
    this.node = h('div', { class: 'story' }, h('ol', {}, ...this.#steps), this.#outcome);
  }

  async run(): Promise<void> {
    for (const step of this.#steps) mark(step, 'done', false);
    say(this.#outcome, '');
    try {
      await this.#play();
    } catch (error) {
      say(this.#outcome, (error as Error).message);
    }
  }

  async #play(): Promise<void> {
    const group = `story-${Math.random().toString(36).slice(2, 7)}`;
    const [ada, bob] = [this.add({ name: 'ada', group }), this.add({ name: 'bob', group })];
    await Promise.all([
      until(() => ada.group.status.get().state === 'live'),
      until(() => bob.group.status.get().state === 'live'),
    ]);
    this.look(group);
    await this.#done(0);
    await ada.say({ text: 'hello bob' }, 'reliable', '');
    await bob.say({ text: 'hello ada' }, 'reliable', '');
    await this.#done(1);
    bob.sleep(60_000);
    await until(() => bob.client.status.get().state !== 'online');
    await this.#done(2);
    for (let n = 1; n <= 10; n += 1) await ada.say({ text: `message ${n} of 10` }, 'reliable', '');
    await this.#done(3);
    bob.outcome = '';
    bob.wake();
    await until(() => bob.client.status.get().state === 'online');
    await this.#done(4);
    await until(() => bob.outcome !== '');
    await this.#done(5);
    say(this.#outcome, `${bob.outcome}, ${bob.replayed} replayed`);
  }

  async #done(step: number): Promise<void> {
    const node = this.#steps[step];
    if (node !== undefined) mark(node, 'done', true);
    await pause(PAUSE_MS);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 50) {
    if (waited > STEP_MS) throw new Error('it takes too long: is the gateway there, and does it let this page in?');
    await pause(50);
  }
}
