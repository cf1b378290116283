import { type RefObject, useInsertionEffect, useRef } from 'react';

/** The value of the newest render that was shown. What reads it in an event or an effect sees no stale one, and subscribes once. */
export function useLatest<Value>(value: Value): RefObject<Value> {
  const latest = useRef(value);
  // Before all other effects of the same commit. Not while rendering: a render may be thrown away.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
