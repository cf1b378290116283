import { useStatus } from 'gateway-client/react';
import { useSyncExternalStore } from 'react';
import { network } from './client.js';

const WORDS = {
  idle: 'Offline',
  connecting: 'Connecting',
  online: 'Online',
  reconnecting: 'Reconnecting',
  stopped: 'Stopped',
  closed: 'Offline',
} as const;

/** How the connection stands: small, since most drops are over before anybody minds. */
export function ConnectionDot() {
  const state = useStatus(({ state }) => state);
  return (
    <span className="connection" data-state={state}>
      <span className="dot" aria-hidden="true" />
      {WORDS[state]}
    </span>
  );
}

/** The switch that drops the network of this page alone. */
export function NetworkToggle() {
  const isDown = useSyncExternalStore(network.subscribe, network.isDown);
  return (
    <button type="button" className="toggle" role="switch" aria-checked={isDown} onClick={() => network.set(!isDown)}>
      <span className="track" aria-hidden="true" />
      Drop my network
    </button>
  );
}
