import type { LogPosition } from 'gateway-protocol';
import type { DeliverySpan, Tracer } from '../tracer.js';
import type { Cursor } from './cursor.js';

/** Messages of traces that are on their way to a group's members, oldest first: no more than one pass takes. */
export class DeliverySpans {
  readonly #open: { readonly seq: number; readonly span: DeliverySpan }[] = [];

  begin(tracer: Tracer, traceparent: string, groupId: string, { epoch, seq }: LogPosition): void {
    const span = tracer.delivery({ traceparent, groupId, epoch, seq });
    if (span !== undefined) this.#open.push({ seq, span });
  }

  /** Everybody who keeps up was written everything up to `until`. */
  written(until: number, places: Iterable<Cursor>): void {
    for (let oldest = this.#open[0]; oldest !== undefined && oldest.seq <= until; oldest = this.#open[0]) {
      this.#open.shift();
      oldest.span.end(reachedBy(places, oldest.seq));
    }
  }
}

/** Who came after a message began behind it, and is not counted. */
function reachedBy(places: Iterable<Cursor>, seq: number): { written: number; behind: number } {
  const reached = { written: 0, behind: 0 };
  for (const { start, cursor } of places) {
    if (start >= seq) continue;
    if (cursor >= seq) reached.written += 1;
    else reached.behind += 1;
  }
  return reached;
}
