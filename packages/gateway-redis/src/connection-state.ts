/** How the backend stands to Redis. `connecting`: it never was up. */
export type ConnectionState = 'connecting' | 'up' | 'down' | 'closed';
