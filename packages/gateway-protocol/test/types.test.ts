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
  type IdentifySignal,
  type IncomingFromClient,
  type Logger,
  type OutgoingToClient,
  type Result,
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

test('codes are of their tables, and the shared shapes are those of the product kit', () => {
  expectTypeOf<Extract<ErrorCode, 'BAD_JSON' | 'RATE_LIMITED'>>().toEqualTypeOf<'BAD_JSON' | 'RATE_LIMITED'>();
  expectTypeOf(closeAction).toEqualTypeOf<(code: number) => CloseAction>();
  expectTypeOf<Result<number>>().toEqualTypeOf<{ ok: true; data: number } | { ok: false; error: CommonError }>();
  expectTypeOf<CommonError>().toEqualTypeOf<{ code: string; message: string; details?: unknown; retryable?: boolean }>();
  expectTypeOf<Logger[keyof Logger]>().toEqualTypeOf<(msg: string, meta?: Record<string, unknown>) => void>();
});
