import { CLOSE_CODES, closeAction, ERROR_CODES, PROTOCOL_LIMITS } from 'gateway-protocol';
import { CLIENT_MESSAGES } from './client-messages.js';
import { type Example, pascal } from './examples.js';
import { GATEWAY_MESSAGES } from './gateway-messages.js';
import { definitions } from './json-schema-document.js';
import type { Message } from './message.js';

const MESSAGES = { ...CLIENT_MESSAGES, ...GATEWAY_MESSAGES };

/** What answers each signal of a client. */
const REPLIES: Record<keyof typeof CLIENT_MESSAGES, (keyof typeof GATEWAY_MESSAGES)[]> = {
  IdentifySignal: ['ReadySignal', 'ReadySignal2', 'ErrorSignal'],
  // In dialect 1 one with an `id` is answered with the group's presence.
  HeartbeatSignal: ['HeartbeatAckSignal', 'PresenceUpdateSignal', 'ErrorSignal'],
  DataUpdateSignal: ['AckSignal', 'ErrorSignal'],
  JoinSignal: ['AckSignal', 'SyncSignal', 'ErrorSignal'],
  LeaveSignal: ['AckSignal', 'ErrorSignal'],
  PresenceSignal: ['AckSignal', 'ErrorSignal'],
};

/** Sent in answer to a message, and at no other time. */
const ONLY_REPLIES = ['HeartbeatAckSignal', 'AckSignal'];

const CHANNEL = { $ref: '#/channels/rt' };
const inChannel = (name: string) => ({ $ref: `#/channels/rt/messages/${name}` });

/** `asyncapi.json`: the contract as an AsyncAPI 3.0 document. It speaks for the gateway: what it receives, and what it sends. */
export function asyncApiDocument(version: string, examples: Example[]): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Realtime gateway',
      version,
      description:
        'Groups, presence, sessions and ordered fan-out over WebSocket. One text message carries one JSON envelope. The contract in prose, with everything that a schema cannot say, is PROTOCOL.md. `x-dialects` of a message says in which dialects it is sent in this form; a client chooses its dialect with `version` of its first `identify`.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      ws: {
        host: '{host}',
        protocol: 'ws',
        description: 'A gateway. Behind TLS the protocol is `wss`.',
        variables: { host: { default: '127.0.0.1:4100', description: 'Where the gateway listens.' } },
      },
    },
    channels: {
      rt: {
        address: '/rt',
        title: 'One connection',
        description: 'The path is the default of the option `path`. After the handshake the gateway speaks first, with `ready`.',
        servers: [{ $ref: '#/servers/ws' }],
        messages: mapped(MESSAGES, (_, name) => ({ $ref: `#/components/messages/${name}` })),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: { ...receiveOperations(), ...sendOperations() },
    components: {
      messages: mapped(MESSAGES, (message, name) => messageObject(message, name, examples)),
      schemas: JSON.parse(JSON.stringify(definitions()).replaceAll('"#/definitions/', '"#/components/schemas/')),
    },
    'x-error-codes': Object.entries(ERROR_CODES).map(([code, said]) => ({ code, ...said })),
    'x-close-codes': Object.entries(CLOSE_CODES).map(([name, { code, action, meaning }]) => ({ code, name, action, meaning })),
    'x-close-ranges': [4000, 4100, 4200].map((from) => ({ from, to: from + 99, action: closeAction(from) })),
    'x-limits': PROTOCOL_LIMITS,
  };
}

function messageObject({ type, dialects, summary, correlation }: Message, name: string, examples: Example[]): object {
  const shown = examples.filter((example) => example.name === name).map(({ envelope }) => ({ payload: envelope }));
  return {
    name: type,
    title: dialects.length === 1 && name.endsWith('2') ? `${type} (dialect 2)` : type,
    summary,
    payload: { $ref: `#/components/schemas/${name}` },
    ...(correlation !== undefined && { correlationId: { location: `$message.payload#${correlation}` } }),
    ...(shown.length > 0 && { examples: shown }),
    'x-dialects': dialects,
  };
}

function receiveOperations(): Record<string, object> {
  const operations = Object.entries(CLIENT_MESSAGES).map(([name, { type, summary }]) => [
    `receive${pascal(type)}`,
    {
      action: 'receive',
      channel: CHANNEL,
      summary,
      messages: [inChannel(name)],
      reply: { channel: CHANNEL, messages: (REPLIES[name] ?? []).map(inChannel) },
    },
  ]);
  return Object.fromEntries(operations);
}

/** One for each type: its forms in the two dialects are messages of one operation. */
function sendOperations(): Record<string, object> {
  const sent = Object.entries(GATEWAY_MESSAGES).filter(([name]) => !ONLY_REPLIES.includes(name));
  const types = [...new Set(sent.map(([, { type }]) => type))];
  const operations = types.map((type) => [
    `send${pascal(type)}`,
    {
      action: 'send',
      channel: CHANNEL,
      messages: sent.filter(([, message]) => message.type === type).map(([name]) => inChannel(name)),
    },
  ]);
  return Object.fromEntries(operations);
}

function mapped<Value>(record: Record<string, Value>, to: (value: Value, name: string) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value, name)]));
}
