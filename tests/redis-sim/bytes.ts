import type { Reply } from './model/commands.js';

const ASCII = /^[\0-\x7f]*$/;

/** A text as the server has it: each character stands for one byte. */
export function toBytes(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text).toString('latin1');
}

/** A reply as the client library gives it. */
export function fromBytes(reply: Reply): unknown {
  if (typeof reply === 'string') return ASCII.test(reply) ? reply : Buffer.from(reply, 'latin1').toString();
  return reply !== null && typeof reply === 'object' ? reply.map(fromBytes) : reply;
}
