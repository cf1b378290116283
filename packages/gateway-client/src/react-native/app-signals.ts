import type { PlatformSignal, SignalSource } from '../signals.js';

/** What is needed of React Native's `AppState`. */
export interface AppStateLike {
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

/** What is needed of `@react-native-community/netinfo`. */
export interface NetInfoLike {
  addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void;
}

/**
 * Signals of a React Native application, for the option `signals`. `active` wakes: the connection is probed, or made, at once. `background`
 * hides: iOS ends the socket in seconds, and waiting longer between attempts spares the battery. `inactive` (a call, the app switcher) is
 * nothing. What NetInfo says is a hint, and old right after a return, so nothing waits for it.
 * @example
 * import { AppState } from 'react-native';
 * const client = createClient({ url: 'wss://example.com/rt', signals: appSignals(AppState) });
 */
export function appSignals(appState: AppStateLike, netInfo?: NetInfoLike): SignalSource {
  return {
    subscribe(listener: (signal: PlatformSignal) => void): () => void {
      const appStates = appState.addEventListener('change', (state) => {
        if (state === 'active') listener('wake');
        else if (state === 'background') listener('hide');
      });
      // It calls at once with what it knows, and again for each detail: only a change is news.
      let wasConnected: boolean | null = true;
      const endNetwork = netInfo?.addEventListener(({ isConnected }) => {
        if (isConnected === null || isConnected === wasConnected) return;
        wasConnected = isConnected;
        listener(isConnected ? 'online' : 'offline');
      });
      return () => {
        appStates.remove();
        endNetwork?.();
      };
    },
  };
}
