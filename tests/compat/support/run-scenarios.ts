import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import type { Runtime } from './foreign-client.js';
import { COMPRESSED, SCENARIOS, type Scenario } from './scenarios.js';
import { World } from './world.js';

/** Holds the gateway to every scenario with the clients of one runtime, and to those that are its own. */
export function runScenarios(runtime: Runtime, ofItsOwn: Record<string, Scenario> = {}): void {
  const { name, missing } = runtime;
  if (missing !== undefined) console.warn(`${name} is skipped: ${missing}`);
  // Skipped, with the reason printed, where the runtime is not installed.
  describe.skipIf(missing !== undefined)(`a client of ${name}`, () => {
    let world: World;
    beforeAll(() => runtime.start());
    afterAll(() => runtime.stop());
    afterEach(() => world.stop());

    test.each(Object.entries({ ...SCENARIOS, ...ofItsOwn }))('%s', async (_claim, scenario) => {
      world = await World.create(runtime);
      await scenario(world);
    });

    test.each(Object.entries({ ...SCENARIOS, ...COMPRESSED }))('compressed, %s', async (_claim, scenario) => {
      world = await World.create(runtime, () => ({ perMessageDeflate: true }));
      await scenario(world);
    });
  });
}
