import { decode } from 'gateway-protocol';
import { GatewayError } from './errors.js';
import type { Limits } from './limits.js';

/**
 * Checks what a host says of a member by the rules for what a client says, so that nobody is told what the contract does not allow.
 * @returns the JSON text of `metadata`, where there is one.
 * @throws GatewayError `INVALID_ARGUMENT`, naming the field.
 */
export function checkHostInput(given: { groupId?: unknown; metadata?: unknown }, limits: Limits): string | undefined {
  const payload = { clientType: 'app-client', ...given };
  let text: string;
  try {
    text = JSON.stringify({ type: 'identify', payload });
  } catch (cause) {
    throw new GatewayError('INVALID_ARGUMENT', 'metadata: must be an object that JSON can say', { cause });
  }
  const checked = decode(text, limits);
  if (checked.ok) return checked.metadataText;
  throw new GatewayError('INVALID_ARGUMENT', checked.error.message.replace(/^payload\./, ''));
}
