// The same by require, as servers have it whose bundles are CommonJS.
Object.defineProperty(globalThis, 'WebSocket', {
  get: () => {
    throw new Error('a WebSocket on the server');
  },
});
const { createClient } = require('gateway-client');
const { GatewayProvider, useGroup, useMembers, useStatus } = require('gateway-client/react');
const { createElement } = require('react');
const { renderToString } = require('react-dom/server');

function Room() {
  const here = useMembers(useGroup('group-1'), ({ count }) => count);
  return createElement('p', null, [useStatus().state, here].join(' '));
}
const client = createClient({ url: '/rt' });
console.log(typeof window, typeof document, renderToString(createElement(GatewayProvider, { client }, createElement(Room))));
