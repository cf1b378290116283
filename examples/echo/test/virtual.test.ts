import { expect, test } from 'vitest';
import { play, scenarioOf, TRANSCRIPT } from './play.js';

test('in virtual time the transcript is the committed one, byte for byte', async () => {
  expect(await play({ seed: 1 })).toBe(TRANSCRIPT);
});

test('two runs of a seed write the same, at the same time as well as one after the other', async () => {
  const [one, two] = await Promise.all([play({ seed: 7 }), play({ seed: 7 })]);
  expect(two).toBe(one);
  expect(await play({ seed: 7 })).toBe(one);
});

test('another seed gives other ids and the same scenario', async () => {
  const other = await play({ seed: 2 });
  const idsOf = (transcript: string) => new Set(transcript.match(/(?<=connectionId":"|from=|traceId=)\w+/g));
  expect([...idsOf(other)].filter((id) => idsOf(TRANSCRIPT).has(id))).toEqual([]);
  expect(scenarioOf(other)).toEqual(scenarioOf(TRANSCRIPT));
});
