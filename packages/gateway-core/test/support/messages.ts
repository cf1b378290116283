import type { MemoryClient } from 'gateway-core/testing';
import type {
  ErrorPayload,
  ErrorSignal,
  IdentifyPayload,
  PresenceInfo,
  PresenceUpdateSignal,
  ReadySignal,
} from 'gateway-protocol';

export const identify = (groupId?: string, rest: Partial<IdentifyPayload> = {}) => ({
  type: 'identify',
  payload: { clientType: 'app-client', groupId, ...rest },
});

/** A `data_update` for the group that the client is in. */
export const say = (data: unknown, envelope: object = {}, payload: object = {}) => ({
  type: 'data_update',
  ...envelope,
  payload: { data, ...payload },
});

export const heartbeat = (envelope: object = {}) => ({ type: 'heartbeat', ...envelope });

export function typesOf({ received }: MemoryClient): string[] {
  return received.map(({ type }) => type);
}

export function errorsOf({ received }: MemoryClient): ErrorPayload[] {
  return received.filter((message): message is ErrorSignal => message.type === 'error').map(({ payload }) => payload);
}

export function codesOf(client: MemoryClient): string[] {
  return errorsOf(client).map(({ code }) => code);
}

export function readiesOf({ received }: MemoryClient): ReadySignal['payload'][] {
  return received.filter((message): message is ReadySignal => message.type === 'ready').map(({ payload }) => payload);
}

/** What a client was told of its groups' presence. */
export function presencesOf({ received }: MemoryClient): PresenceInfo[] {
  return received
    .filter((message): message is PresenceUpdateSignal => message.type === 'presence_update')
    .map(({ payload }) => payload.info);
}

/** A text of this many characters. */
export const long = (length: number) => 'x'.repeat(length);
