import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { createTracer, type TracerOptions } from 'gateway-otel';
import { expect, test } from 'vitest';
import { ERROR_TYPE, MESSAGING } from '../src/attributes.js';

test.each<[unknown, string]>([
  [null, 'options: must be an object'],
  [{ sampler: {} }, 'sampler: is not an option'],
  [{ tracerProvider: null }, 'tracerProvider: must have a method getTracer'],
  [{ tracerProvider: {} }, 'tracerProvider: must have a method getTracer'],
  [{ newTraceRatio: '1' }, 'newTraceRatio: must be a number from 0 to 1'],
  [{ newTraceRatio: -0.1 }, 'newTraceRatio: must be a number from 0 to 1'],
  [{ newTraceRatio: 1.1 }, 'newTraceRatio: must be a number from 0 to 1'],
  [{ newTraceRatio: Number.NaN }, 'newTraceRatio: must be a number from 0 to 1'],
  [{ random: 0.5 }, 'random: must be a function'],
  [{ ignoreSampledFlag: 1 }, 'ignoreSampledFlag: must be true or false'],
])('options %j are refused: %s', (options, message) => {
  let thrown: unknown;
  try {
    createTracer(options as TracerOptions);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ name: 'GatewayError', code: 'INVALID_OPTION', message });
});

test('an option that is undefined is as one that is not there', () => {
  createTracer({ tracerProvider: undefined, newTraceRatio: undefined, ignoreSampledFlag: undefined });
});

test('names of attributes are those of the semantic conventions', () => {
  expect({ ...MESSAGING, errorType: ERROR_TYPE }).toEqual({
    system: conventions.ATTR_MESSAGING_SYSTEM_NAME,
    operationName: conventions.ATTR_MESSAGING_OPERATION_NAME,
    operationType: conventions.ATTR_MESSAGING_OPERATION_TYPE,
    destination: conventions.ATTR_MESSAGING_DESTINATION_NAME,
    messageId: conventions.ATTR_MESSAGING_MESSAGE_ID,
    conversationId: conventions.ATTR_MESSAGING_MESSAGE_CONVERSATION_ID,
    clientId: conventions.ATTR_MESSAGING_CLIENT_ID,
    errorType: conventions.ATTR_ERROR_TYPE,
  });
});
