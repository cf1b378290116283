import { readFileSync } from 'node:fs';
import { type EchoOptions, runEcho } from '../src/echo.js';

/**
 * The committed transcript of `pnpm dev:echo --virtual`. After a change that is meant:
 * `npx tsx --tsconfig tsconfig.json examples/echo/src/main.ts --virtual > examples/echo/transcript.txt`.
 */
export const TRANSCRIPT = readFileSync(new URL('../transcript.txt', import.meta.url), 'utf8');

/** Plays the scenario and answers its transcript, as it would be on standard output. */
export async function play(options: Omit<EchoOptions, 'write'> = {}): Promise<string> {
  let transcript = '';
  await runEcho({
    ...options,
    write: (line) => {
      transcript += `${line}\n`;
    },
  });
  return transcript;
}

/** The transcript without what differs from run to run: times, and ids, which become numbers in order of appearance. */
export function withoutIdsAndTimes(transcript: string): string {
  const numbers = new Map<string, number>();
  return transcript.replace(/^\[ *[\d.]+\]/gm, '[]').replace(/(?<=connectionId":"|from=|traceId=)[\w-]+/g, (id) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
    return `#${numbers.get(id)}`;
  });
}

/** The lines of the scenario itself, without the one that says where it plays. */
export function scenarioOf(transcript: string): string[] {
  return withoutIdsAndTimes(transcript).split('\n').slice(1);
}
