// As a server renders a page: no window, and whoever would open a connection fails.
Object.defineProperty(globalThis, 'WebSocket', {
  get: () => {
    throw new Error('a WebSocket on the server');
  },
});
const { html } = await import('./client-application.mjs');
console.log(typeof window, typeof document, html());
