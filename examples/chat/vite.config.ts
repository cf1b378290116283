import react from '@vitejs/plugin-react';
import { createGateway } from 'gateway-core';
import { defineConfig, type Plugin } from 'vite';

/** The gateway, on the server of the page: one port and one origin, as behind a proxy in production. */
const gateway: Plugin = {
  name: 'gateway',
  configureServer({ httpServer }) {
    if (httpServer !== null) createGateway({ server: httpServer });
  },
};

export default defineConfig({
  plugins: [react(), gateway],
  server: { host: '127.0.0.1', port: 4173 },
});
