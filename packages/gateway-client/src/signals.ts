import { platform, type Target } from './platform.js';

/**
 * What the platform says: `wake` (visible again, woken), `online` and `offline` (hints, never facts), `hide`, `freeze` (the page sleeps in
 * the back/forward cache), `leave` (it goes for good).
 */
export type PlatformSignal = 'wake' | 'online' | 'offline' | 'hide' | 'freeze' | 'leave';

/** Where signals of the platform come from. */
export interface SignalSource {
  /** @returns what ends it. */
  subscribe(listener: (signal: PlatformSignal) => void): () => void;
}

/** Those of a browser's page or worker; elsewhere there are none. No `unload`: it would keep the page out of the back/forward cache. */
export const browserSignals: SignalSource = {
  subscribe(listener) {
    const { document } = platform;
    const ends: (() => void)[] = [];
    const listen = (
      target: Target | undefined,
      type: string,
      signal: (event: { persisted?: boolean }) => PlatformSignal | false,
    ) => {
      if (typeof target?.addEventListener !== 'function') return;
      const heard = (event: { persisted?: boolean }) => {
        const said = signal(event);
        if (said) listener(said);
      };
      target.addEventListener(type, heard);
      ends.push(() => target.removeEventListener(type, heard));
    };
    const page = platform as unknown as Target;
    listen(document, 'visibilitychange', () => (document?.visibilityState === 'visible' ? 'wake' : 'hide'));
    listen(document, 'resume', () => 'wake');
    listen(document, 'freeze', () => 'freeze');
    listen(page, 'pageshow', ({ persisted }) => persisted === true && 'wake');
    listen(page, 'pagehide', ({ persisted }) => (persisted ? 'freeze' : 'leave'));
    listen(page, 'online', () => 'online');
    listen(page, 'offline', () => 'offline');
    return () => {
      for (const end of ends) end();
    };
  },
};
