import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attack } from './attacks.js';
import { Besieged } from './besieged.js';
import { FUZZ_MS, FUZZ_TIMEOUT_MS } from './effort.js';

test(
  'whatever is resumed, joined and said with whosever token: nobody throws, nobody becomes another, and nobody else is harmed',
  async () => {
    let sieges = 0;
    const met = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(attack, { minLength: 1, maxLength: 25 }), async (attacks) => {
        sieges += 1;
        const besieged = new Besieged(met);
        await besieged.begin();
        await besieged.play(attacks);
        await besieged.end();
      }),
      FUZZ_MS === 0
        ? { numRuns: 60 }
        : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: FUZZ_MS, markInterruptAsFailure: false },
    );
    if (FUZZ_MS > 0) console.log(`${sieges} sieges: ${JSON.stringify(Object.fromEntries(met))}`);
    // They get further than the first check.
    expect([...met.keys()]).toEqual(expect.arrayContaining(['ready true', 'ready false', 'sync live', 'error FORBIDDEN']));
  },
  FUZZ_TIMEOUT_MS,
);
