import { GatewayClientError, type Group } from 'gateway-client';
import { useUpdates } from 'gateway-client/react';
import { useCallback, useReducer } from 'react';
import type { Said, Typing } from './client.js';
import { type Conversation, converse, EMPTY, type Fate } from './conversation.js';

/** How long a message may wait for the network before it counts as failed: people go through tunnels. */
const TIMEOUT_MS = 10 * 60_000;

/** What is said in a room, one's own messages included from when they are written. */
export function useConversation(room: Group<Said, Typing> | null): Conversation & { say(said: Said, key?: string): void } {
  const [conversation, dispatch] = useReducer(converse, EMPTY);
  useUpdates(room, (update) => dispatch({ type: 'update', update }));
  const say = useCallback(
    (said: Said, key: string = randomKey()) => {
      if (room === null) return;
      dispatch({ type: 'written', key, said, at: Date.now() });
      // The key is the idempotency key: said again with it, a message that was accepted already is not there twice.
      room.publish(said, { id: key, timeoutMs: TIMEOUT_MS }).then(
        () => dispatch({ type: 'settled', key, fate: 'accepted' }),
        (error) => dispatch({ type: 'settled', key, fate: fateOf(error), problem: problemOf(error) }),
      );
    },
    [room],
  );
  return { ...conversation, say };
}

const fateOf = (error: unknown): Fate =>
  error instanceof GatewayClientError && error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed';

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Not `crypto.randomUUID`: pages from `http:` do not have it. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
