import { createContext, createElement, type ReactElement, type ReactNode, useContext, useEffect } from 'react';
import type { Client } from '../client.js';

const ClientContext = createContext<Client | undefined>(undefined);

/** What {@link GatewayProvider} takes. */
export interface GatewayProviderProps {
  /** Made once, outside of components: it touches nothing before this is mounted. */
  client: Client;
  children?: ReactNode | undefined;
}

/**
 * Gives a client to the hooks below, and holds its connection while it is mounted: connects when it mounts, and closes `lingerMs` after it
 * is gone. A second mount in that time (StrictMode, fast refresh, a change of route) keeps the socket.
 * @example
 * const client = createClient({ url: '/rt' });
 * root.render(<GatewayProvider client={client}><App /></GatewayProvider>);
 */
export function GatewayProvider({ client, children }: GatewayProviderProps): ReactElement {
  useEffect(() => client.hold(), [client]);
  return createElement(ClientContext.Provider, { value: client }, children);
}

/** The client of the provider above. @throws Error where there is none. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('useClient: there is no <GatewayProvider> above this component');
  return client;
}
