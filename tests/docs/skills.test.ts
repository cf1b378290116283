import { CLIENT_ERROR_CODES } from 'gateway-client';
import { GATEWAY_ERROR_CODES } from 'gateway-core';
import { CLOSE_CODES, ERROR_CODES } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { packageNames, read } from '../tidy/tree.js';
import { blocksOf, codeIn, proseOf, tableOf } from './markdown.js';

/** Of a skill's first lines, between `---`. */
function frontmatterOf(text: string): Record<string, string> {
  const [, lines = ''] = /^---\n([\s\S]*?)\n---\n/.exec(text) ?? [];
  return Object.fromEntries(lines.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
}

/** RFC 6455 §7.4.1: never sent, and seen by programs all the same. */
const SEEN = [1005, 1006];
const CLOSES: readonly number[] = [...SEEN, ...Object.values(CLOSE_CODES).map(({ code }) => code)];
const REDIS_CODES = [...read('packages/gateway-redis/src/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(
  ([, code]) => code as string,
);
/** Words in capitals that are codes of something. */
const WORDS: readonly string[] = [
  ...[ERROR_CODES, CLIENT_ERROR_CODES, GATEWAY_ERROR_CODES].flatMap((codes) => Object.keys(codes)),
  ...REDIS_CODES,
];

describe.each(packageNames)('the skill of %s', (name) => {
  const path = `packages/${name}/SKILL.md`;
  const text = read(path);

  test('says what it is for, and comes with the package', () => {
    const { name: named, description = '', ...others } = frontmatterOf(text);
    expect({ named, others }).toEqual({ named: name, others: {} });
    expect(description).toMatch(new RegExp(`\\b${name}\\b.* Use (to|for|when)\\b`));
    expect(description.length).toBeLessThanOrEqual(1_024);
    expect(JSON.parse(read(`packages/${name}/package.json`)).files).toContain('SKILL.md');
  });

  test('is short, shows how it is used and tested, and how to read what went wrong', () => {
    expect(text.split('\n').length).toBeLessThan(110);
    const headings = [...text.matchAll(/^# (.+)$/gm)].map(([, heading]) => heading as string);
    expect(headings).toEqual(expect.arrayContaining([expect.stringMatching(/^Testing\b/), expect.stringMatching(/^Reading\b/)]));
    expect(blocksOf(path).length).toBeGreaterThan(0);
    expect(text).toMatch(/close codes?/i);
  });

  test('names codes that there are', () => {
    const prose = proseOf(path);
    const closes = [...prose.matchAll(/(?<![\d`,.=])\b(1\d{3}|4\d{3})\b(?![\d`,]\d)/g)].map(([code]) => Number(code));
    expect(closes.filter((code) => code < 4_900 && !CLOSES.includes(code))).toEqual([]);
    const words = codeIn(prose).filter((code) => /^[A-Z]+_?[A-Z_]+$/.test(code) && !/^(GW_|ERROR_CODES|CLOSE_CODES)/.test(code));
    expect(words.filter((word) => !WORDS.includes(word))).toEqual([]);
  });
});

test('the skill of gateway-redis says of each of its errors what it means', () => {
  expect(REDIS_CODES.length).toBeGreaterThan(3);
  expect(tableOf('packages/gateway-redis/SKILL.md', 'Reading its errors').map(([code = '']) => codeIn(code)[0])).toEqual(
    REDIS_CODES,
  );
});
