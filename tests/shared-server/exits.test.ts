import { expect, test } from 'vitest';
import { runScript } from './support/run-script.js';

test.each(['gateway-first', 'server-first'])(
  'a process that has served a client and closed both, %s, ends by itself',
  async (order) => {
    const { code, out, err } = await runScript('tests/shared-server/exits.ts', order);
    expect({ code, out, err }).toEqual({ code: 0, out: 'client closed with 1012\n', err: '' });
  },
);
