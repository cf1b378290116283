import {
  type ClientType,
  type CloseAction,
  type CommonError,
  closeAction,
  type DataUpdateDelivery,
  type DataUpdateSignal,
  type DeliveryMode,
  decode,
  type ErrorCode,
  type GroupMember,
  type IdentifySignal,
  type IncomingFromClient,
  type JoinSignal,
  type Logger,
  type LogPosition,
  type OutgoingToClient,
  type OutgoingToClient2,
  type Result,
  type ResumeSince,
  type Since,
  type SyncSignal,
} from 'gateway-protocol';
import { expect, expectTypeOf, test } from 'vitest';

// What these say is checked by `tsc`, which reads the tests too.

test('a message that was accepted narrows by its type', () => {
  const decoded = decode('{"type":"data_update","payload":{"data":1}}');
  if (!decoded.ok) throw new Error(decoded.error.message);
  const { message } = decoded;
  expectTypeOf(message).toEqualTypeOf<IncomingFromClient>();
  if (message.type !== 'data_update') throw new Error(message.type);
  expectTypeOf(message).toEqualTypeOf<DataUpdateSignal>();
  expectTypeOf(message.payload.data).toBeUnknown();
  expectTypeOf(message.delivery).toEqualTypeOf<DeliveryMode | undefined>();
  expect(message.payload.data).toBe(1);
});

test('the union is of the six signals, and each has its own payload', () => {
  expectTypeOf<IncomingFromClient['type']>().toEqualTypeOf<
    'identify' | 'heartbeat' | 'data_update' | 'join' | 'leave' | 'presence'
  >();
  expectTypeOf<IdentifySignal['payload']['clientType']>().toEqualTypeOf<ClientType>();
  expectTypeOf<Extract<IncomingFromClient, { type: 'leave' }>['payload']>().toEqualTypeOf<{ groupId: string }>();
  // @ts-expect-error a client does not say where in the log its message stands
  expectTypeOf<DataUpdateSignal['seq']>();
});

test('the gateway sends four signals in dialect 1, and stamps each with a time', () => {
  expectTypeOf<OutgoingToClient['type']>().toEqualTypeOf<'ready' | 'presence_update' | 'data_update' | 'error'>();
  expectTypeOf<OutgoingToClient['ts']>().toEqualTypeOf<number>();
  expectTypeOf<DataUpdateDelivery['seq']>().toEqualTypeOf<number>();
  expectTypeOf<DataUpdateDelivery['from']>().toEqualTypeOf<string | undefined>();
});

test('in dialect 2 it sends five more, and the first four are the same', () => {
  type Added = Exclude<OutgoingToClient2, OutgoingToClient>['type'];
  expectTypeOf<Added>().toEqualTypeOf<'heartbeat_ack' | 'ack' | 'sync' | 'gap' | 'reconnect'>();
  expectTypeOf<OutgoingToClient>().toExtend<OutgoingToClient2>();
  expectTypeOf<OutgoingToClient2['ts']>().toEqualTypeOf<number>();
  // Where it is sent the payload is too, so that a client need not ask.
  expectTypeOf<OutgoingToClient2['payload']>().toBeObject();
  expectTypeOf<SyncSignal['payload']['members']>().toEqualTypeOf<GroupMember[] | undefined>();
  expectTypeOf<Extract<OutgoingToClient2, { type: 'ack' }>['payload']['duplicate']>().toEqualTypeOf<true | undefined>();
  expectTypeOf<Extract<OutgoingToClient, { type: 'gap' }>>().toBeNever();
});

test('since is a position, a tail or both, and a resume may ask for nothing', () => {
  expectTypeOf<JoinSignal['payload']['since']>().toEqualTypeOf<Since | undefined>();
  expectTypeOf<LogPosition>().toExtend<Since>();
  expectTypeOf<{ tail: number }>().toExtend<Since>();
  expectTypeOf<Since>().toExtend<ResumeSince>();
  expectTypeOf<Record<never, never>>().toExtend<ResumeSince>();
  // Each field can be read before it is known which of them were sent, and one half of a position proves the other.
  const seqOf = (since: ResumeSince): number | undefined => (since.epoch === undefined ? undefined : since.seq);
  expectTypeOf<ResumeSince['tail']>().toEqualTypeOf<number | undefined>();
  expect([seqOf({ epoch: 'e', seq: 1 }), seqOf({ tail: 1 }), seqOf({})]).toStrictEqual([1, undefined, undefined]);
  // @ts-expect-error half a position is none
  const half: ResumeSince = { epoch: 'e' };
  // @ts-expect-error a join that asks for nothing has no since
  const nothing: Since = {};
  expect([half, nothing]).toHaveLength(2);
});

test('codes are of their tables, and the shared shapes are those of the product kit', () => {
  expectTypeOf<Extract<ErrorCode, 'BAD_JSON' | 'RATE_LIMITED'>>().toEqualTypeOf<'BAD_JSON' | 'RATE_LIMITED'>();
  expectTypeOf(closeAction).toEqualTypeOf<(code: number) => CloseAction>();
  expectTypeOf<Result<number>>().toEqualTypeOf<{ ok: true; data: number } | { ok: false; error: CommonError }>();
  expectTypeOf<CommonError>().toEqualTypeOf<{ code: string; message: string; details?: unknown; retryable?: boolean }>();
  expectTypeOf<Logger[keyof Logger]>().toEqualTypeOf<(msg: string, meta?: Record<string, unknown>) => void>();
});
