import type { OutgoingToClient2 } from 'gateway-protocol';

/** As far as it has to be looked at: the rest is believed, since it comes from where one chose to connect to. */
export function envelopeIn(text: string): OutgoingToClient2 | undefined {
  try {
    const envelope = JSON.parse(text);
    return typeof envelope?.type === 'string' && typeof envelope.payload === 'object' && envelope.payload !== null
      ? envelope
      : undefined;
  } catch {
    return undefined;
  }
}
