import { useClient, useStatus } from 'gateway-client/react';
import { useEffect, useState } from 'react';

/** Says that the connection is lost, once it has been for some time, and what one can do. */
export function Banner() {
  const client = useClient();
  const { state, lost, retryAt, reason } = useStatus();
  const seconds = useSecondsUntil(lost ? retryAt : undefined);
  const isStopped = state === 'stopped';
  return (
    <div className="banner-place" role="status">
      {(lost || isStopped) && (
        <div className={`banner ${isStopped ? 'stopped' : ''}`}>
          <p>
            <b>{isStopped ? 'Disconnected.' : 'You are offline.'}</b>{' '}
            {isStopped
              ? (reason?.text ?? 'The server ended this connection.')
              : 'What you write waits here, and goes out when you are back.'}
          </p>
          <button type="button" onClick={() => client.reconnect()}>
            Try now{seconds > 0 && <span aria-hidden="true"> ({seconds} s)</span>}
          </button>
        </div>
      )}
    </div>
  );
}

/** Whole seconds until a time, counted down; 0 where there is none. */
function useSecondsUntil(time: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (time === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [time]);
  return time === undefined ? 0 : Math.max(0, Math.ceil((time - now) / 1_000));
}
