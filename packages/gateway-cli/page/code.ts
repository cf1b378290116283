import type { MessageEvent } from '../src/playground/wire.js';

/** A message as the call that publishes its like. */
export function asPublishCall({ groupId, data, cut, delivery, key, sessionId }: MessageEvent): string {
  const options = Object.entries({ delivery: delivery === 'reliable' ? undefined : delivery, key, sessionId }).filter(
    ([, value]) => value !== undefined,
  );
  const more = options.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
  const text = cut ? `${JSON.stringify(data)} /* cut */` : data;
  return `await gateway.publish(${JSON.stringify(groupId)}, ${text}${more === '' ? '' : `, { ${more} }`});`;
}
