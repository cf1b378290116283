import { decode } from 'gateway-protocol';
import { GATEWAY_MESSAGES } from './gateway-messages.js';

type Envelope = { type: string; seq?: number; payload?: { memberId?: string; version?: number } };

/** A message as PROTOCOL.md shows it, and the name of the message that it stands for. */
export interface Example {
  name: string;
  envelope: object;
}

/** Every JSON example of PROTOCOL.md. */
export function examplesOf(protocol: string): Example[] {
  return [...protocol.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text = '']) => ({
    name: nameOf(text),
    envelope: JSON.parse(text),
  }));
}

function nameOf(text: string): string {
  const envelope: Envelope = JSON.parse(text);
  // What the gateway sends under a name that clients use too has a `seq`.
  const decoded = decode(text);
  if (decoded.ok && envelope.seq === undefined) return `${pascal(envelope.type)}Signal`;
  const inDialect2 = envelope.payload?.memberId !== undefined || envelope.payload?.version !== undefined;
  const forms = Object.entries(GATEWAY_MESSAGES).filter(([, { type }]) => type === envelope.type);
  const form = forms.length > 1 ? forms.find(([name]) => name.endsWith('2') === inDialect2) : forms[0];
  if (form === undefined) throw new Error(`PROTOCOL.md shows a message that the contract has not: ${text}`);
  return form[0];
}

/** `data_update` as `DataUpdate`. */
export function pascal(type: string): string {
  return type.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
