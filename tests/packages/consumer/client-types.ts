// Compiled, not run: the declarations of the client, in each way in which an application's compiler finds them.
import { type Client, type ClientOptions, createClient, type Group } from 'gateway-client';
import { useGroup, useMembers, useStatus } from 'gateway-client/react';
import { appSignals } from 'gateway-client/react-native';

interface Line {
  text: string;
}
const options: ClientOptions = { url: 'ws://gateway/rt' };
const client: Client = createClient(options);
const room: Group<Line> = client.join<Line>('group-1');
room.on('message', ({ data, seq }) => `${data.text.length}${seq satisfies number}`);
export const useRoom = () => [
  useGroup<Line>('group-1')?.id,
  useStatus(({ lost }) => lost satisfies boolean),
  useMembers(room, ({ count }) => count),
];
export const signals: ClientOptions['signals'] = appSignals({
  addEventListener: () => ({ remove: () => {} }),
});
// @ts-expect-error: an option of the wrong type is refused, so the types are not `any`.
createClient({ url: 'ws://gateway/rt', onPageHide: 3 });
// @ts-expect-error: and so are those of the hooks.
useGroup(3);
