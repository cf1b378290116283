import type { IncomingMessage } from 'node:http';
import { type Gateway, GatewayError } from 'gateway-core';
import type { LogPosition } from 'gateway-protocol';
import type { Refusal } from './guard.js';

const BODY_BYTES_MAX = 64 * 1024;

/** What an action came to. */
export type Outcome = { data: unknown } | { refusal: Refusal };

type Fields = Record<string, unknown>;
type ActingGateway = Pick<Gateway, 'disconnect' | 'publish'>;

/** What somebody who looks may do. */
export const ACTIONS: Readonly<Record<string, (gateway: ActingGateway, fields: Fields) => Promise<Outcome>>> = {
  disconnect: async (gateway, { connectionId, code, reason }) => {
    if (typeof connectionId !== 'string') return refused(400, 'INVALID_ARGUMENT', 'connectionId: must be a string');
    const found = gateway.disconnect(connectionId, code as number | undefined, reason as string | undefined);
    return found ? { data: {} } : refused(404, 'NOT_FOUND', 'there is no such connection');
  },
  publish: async (gateway, { groupId, data, ...options }) => {
    const position: LogPosition = await gateway.publish(groupId as string, data, options);
    return { data: position };
  },
};

/** Takes an action from a request whose body is JSON. */
export async function act(gateway: ActingGateway, action: string, request: IncomingMessage): Promise<Outcome> {
  // A type that a page of another site cannot send without asking first (WHATWG Fetch, "CORS-safelisted request-header").
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'the body has to be application/json');
  }
  try {
    const body = await readBody(request);
    if (body === undefined) return refused(413, 'TOO_LARGE', `the body may have ${BODY_BYTES_MAX} bytes`);
    const fields: unknown = JSON.parse(body);
    if (typeof fields !== 'object' || fields === null) return refused(400, 'BAD_JSON', 'the body has to be an object');
    return await (ACTIONS[action] as (typeof ACTIONS)[string])(gateway, fields as Fields);
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, 'BAD_JSON', 'the body is not JSON');
    // Whoever asked has gone, and hears nothing any more.
    if (request.errored === error) return refused(400, 'BAD_JSON', 'the body did not come whole');
    if (error instanceof GatewayError) return refused(400, error.code, error.message);
    throw error;
  }
}

/** @returns `undefined` where it is too long; what comes of it still is read, until the request times out, or the answer would not arrive. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) {
      request.resume();
      return undefined;
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function refused(status: number, code: string, message: string): Outcome {
  return { refusal: { status, code, message } };
}
