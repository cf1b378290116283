import { type Decoded, decode } from 'gateway-protocol';

export type Json = { [key: string]: unknown };

/** One message of each signal with every field that the contract knows. */
export const FULL_MESSAGES: Record<string, () => Json> = {
  identify: () => ({
    ...envelope('identify'),
    version: '2',
    payload: {
      clientType: 'app-client',
      groupId: 'group-1',
      metadata: { platform: 'web', nested: { list: [1, null] } },
      token: 'secret',
      resume: {
        token: 'resume-1',
        groups: { 'group-1': { epoch: 'e1', seq: 41, tail: 20 }, 'group-2': { tail: 1 }, 'group-3': {} },
      },
    },
  }),
  heartbeat: () => envelope('heartbeat'),
  data_update: () => ({
    ...envelope('data_update'),
    delivery: 'latest',
    key: 'cursor',
    payload: { data: { x: 1 }, meta: { label: 'Call', createdBy: 'ada', tags: ['a', 'b'] } },
  }),
  join: () => ({ ...envelope('join'), payload: { groupId: 'group-2', since: { epoch: 'e1', seq: 0, tail: 20 } } }),
  leave: () => ({ ...envelope('leave'), payload: { groupId: 'group-2' } }),
  presence: () => ({ ...envelope('presence'), payload: { state: { cursor: [12, 88], typing: null } } }),
};

function envelope(type: string): Json {
  return {
    type,
    ts: 1_764_000_000_000,
    version: '1',
    traceId: 'trace-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    groupId: 'group-1',
    sessionId: 'session-1',
    id: 'm-1',
  };
}

export const decodeValue = (value: unknown): Decoded => decode(JSON.stringify(value));

export function accepted(decoded: Decoded): Json {
  if (!decoded.ok) throw new Error(`refused: ${decoded.error.code} ${decoded.error.message}`);
  return decoded.message as unknown as Json;
}

export function refused(decoded: Decoded): { code: string; message: string; inReplyTo?: string } {
  if (decoded.ok) throw new Error(`accepted: ${JSON.stringify(decoded.message)}`);
  return decoded.error;
}

/** A copy of `message` in which the field at `path` (`payload.meta.tags`) is `value`; with `undefined`, the field is left out. */
export function withField(message: Json, path: string, value: unknown): Json {
  const copy = structuredClone(message);
  const names = path.split('.');
  const last = names.pop()!;
  let holder = copy;
  for (const name of names) holder = holder[name] as Json;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}
