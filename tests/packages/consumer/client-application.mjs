// Bundled, rendered on a server and run: what a page writes on the client.
import { createClient } from 'gateway-client';
import { GatewayProvider, useGroup, useMembers, useMessages, useMyState, useStatus } from 'gateway-client/react';
import { createElement, useState } from 'react';
import { renderToString } from 'react-dom/server';

function Room({ id }) {
  const room = useGroup(id);
  const [texts, setTexts] = useState([]);
  useMessages(room, ({ data }) => setTexts([...texts, data]));
  const here = useMembers(room, ({ count }) => count);
  const [mine] = useMyState(room);
  const { state } = useStatus();
  return createElement('p', null, [state, here, mine ?? 'silent', texts.length].join(' '));
}

/** The page as a server sends it. */
export function html() {
  const client = createClient({ url: '/rt' });
  return renderToString(createElement(GatewayProvider, { client }, createElement(Room, { id: 'group-1' })));
}

/** What somebody hears who says something. */
export async function talk(url, WebSocket) {
  const client = createClient({ url, WebSocket });
  const room = await client.join('group-1').ready;
  const heard = new Promise((resolve) => room.on('message', ({ data }) => resolve(data)));
  await room.publish('hello');
  await client.close();
  return heard;
}
