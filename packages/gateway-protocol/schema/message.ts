import type { Dialect } from 'gateway-protocol';
import type { JsonSchema } from './json-schema.js';

/** One message of the contract: what the documents say of it. */
export interface Message {
  /** In `type`. */
  type: string;
  /** In which dialects it is sent, in this form. */
  dialects: Dialect[];
  summary: string;
  /** The whole envelope. */
  schema: JsonSchema;
  /** Where the id stands that joins a message and its answer: a JSON pointer into the envelope. */
  correlation?: '/id' | '/payload/id' | '/payload/inReplyTo';
}

/** By the name of its type in `gateway-protocol`; where dialect 2 has a form of its own, that name and a 2. */
export type Messages = Record<string, Message>;

/** Fields of an envelope that the gateway sends. Of the others that a type allows, it sends none. */
export type Sent<Signal, More extends keyof Signal = never> = Pick<
  Signal,
  Extract<keyof Signal, 'type' | 'ts' | 'payload'> | More
>;
