/** Of version `00`: version, trace id, parent id and flags, with a `-` between them. */
const TRACEPARENT_LENGTH = 55;
/** What every version begins with. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const ALL_ZERO = /^0+$/;

/**
 * Reads a `traceparent` of W3C Trace Context. It never throws.
 * @returns as version `00` says it: one of a later version by its first four fields, of whose flags only `sampled` is known. `undefined`
 * where it is none: then a trace begins anew, as if there were none.
 * @example
 * parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'); // as it is
 * parseTraceparent('00-00000000000000000000000000000000-00f067aa0ba902b7-01'); // undefined
 */
export function parseTraceparent(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', flags = ''] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === 'ff' || ALL_ZERO.test(traceId) || ALL_ZERO.test(parentId)) return undefined;
  if (version === '00') return value.length === TRACEPARENT_LENGTH ? value : undefined;
  return `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & 1}`;
}
