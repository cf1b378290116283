import { readFileSync } from 'node:fs';
import { closeAction, decode, ERROR_CODES } from 'gateway-protocol';
import { expect, test } from 'vitest';

test('each line of the README example yields what the comment behind it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = readme.match(/^```ts\nimport .+\n([\s\S]*?)^```$/m)?.[1] ?? '';
  const checked = example.replaceAll(/^( *)(.+); \/\/ (.+)$/gm, '$1check($2, $3);');
  const seen: unknown[] = [];
  const check = (actual: unknown, said: unknown) => {
    expect(actual).toStrictEqual(said);
    seen.push(actual);
  };
  new Function('check', 'closeAction', 'decode', 'ERROR_CODES', checked)(check, closeAction, decode, ERROR_CODES);
  expect(seen).toHaveLength(5);
});
