import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Readable } from '../readable.js';

const itself = <Value, Selected>(value: Value) => value as unknown as Selected;
const noEnd = () => {};

/**
 * The value of a `Readable`, or a part of it; renders again when that changes. Inline selectors are fine.
 * @param readable where it is not there yet, the value is `absent`.
 * @param absent also what a server renders, so it must be a constant.
 * @param select what the component needs of the value.
 * @param isEqual of two selections; default `Object.is`.
 */
export function useReadable<Value, Selected = Value>(
  readable: Readable<Value> | null | undefined,
  absent: Value,
  select: (value: Value) => Selected = itself,
  isEqual: (before: Selected, after: Selected) => boolean = Object.is,
): Selected {
  const shown = useRef<{ selected: Selected } | undefined>(undefined);
  const [subscribe, get, getOnServer] = useMemo(() => {
    // A snapshot is the same object until the value changes, also where the selector makes new ones: React would render for ever.
    let memo: { value: Value; selected: Selected } | undefined;
    const selectedOf = (value: Value) => {
      if (memo !== undefined && Object.is(memo.value, value)) return memo.selected;
      const selected = select(value);
      const before = shown.current;
      memo = { value, selected: before !== undefined && isEqual(before.selected, selected) ? before.selected : selected };
      return memo.selected;
    };
    return [
      (changed: () => void) => readable?.subscribe(changed) ?? noEnd,
      () => selectedOf(readable ? readable.get() : absent),
      () => selectedOf(absent),
    ] as const;
  }, [readable, absent, select, isEqual]);
  const selected = useSyncExternalStore(subscribe, get, getOnServer);
  useEffect(() => {
    shown.current = { selected };
  }, [selected]);
  return selected;
}
