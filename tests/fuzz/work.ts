import { Session } from 'node:inspector';

/** What a call did. */
export interface Work {
  /** How often the blocks of the watched sources were run, and how many characters the built-in functions that they call looked at. */
  steps: number;
  /** Which blocks were run, and about how often: an input with a new one took a new way. */
  features: string[];
}

interface Coverage {
  result: { url: string; functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[] }[];
}

/**
 * Counts what a call does, with the block counts of V8 (those that test coverage is made of): the same call has the same count on a slow machine.
 * One at a time, and not while coverage is measured, which reads the same counters.
 */
export class WorkMeter {
  readonly #session = new Session();

  /** @param watches which sources, by their address. */
  constructor(private readonly watches: (url: string) => boolean) {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.#take();
  }

  of(call: () => void): Work {
    this.#take();
    const scanned = scannedIn(call);
    let steps = scanned;
    const features: string[] = [];
    for (const { url, functions } of this.#take().result) {
      if (!this.watches(url)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) {
          steps += count;
          // Once, twice, four times, …: a loop that goes round once more is no new way.
          if (count > 0) features.push(`${url}:${startOffset}-${endOffset}:${Math.floor(Math.log2(count))}`);
        }
    }
    return { steps, features };
  }

  end(): void {
    this.#session.disconnect();
  }

  #take(): Coverage {
    let taken: Coverage | undefined;
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error !== null) throw error;
      taken = coverage as Coverage;
    });
    // The answer comes in the call: the session is of this thread.
    return taken as unknown as Coverage;
  }
}

/** Characters that built-in functions look at while `call` runs: their loops are not the engine's to count. */
function scannedIn(call: () => void): number {
  let scanned = 0;
  const { indexOf } = String.prototype;
  const { test } = RegExp.prototype;
  const { parse, stringify } = JSON;
  String.prototype.indexOf = function (this: string, searched: string, from = 0) {
    const at = indexOf.call(this, searched, from);
    scanned += (at === -1 ? this.length : at) - from + 1;
    return at;
  };
  RegExp.prototype.test = function (this: RegExp, text: string) {
    const from = this.global ? this.lastIndex : 0;
    const found = test.call(this, text);
    scanned += (this.global && found ? this.lastIndex : text.length) - from + 1;
    return found;
  };
  JSON.parse = (text: string, ...rest: []) => {
    scanned += text.length;
    return parse(text, ...rest);
  };
  JSON.stringify = ((...given: Parameters<typeof stringify>) => {
    const text = stringify(...given) as string | undefined;
    scanned += text?.length ?? 0;
    return text as string;
  }) as typeof stringify;
  try {
    call();
  } finally {
    String.prototype.indexOf = indexOf;
    RegExp.prototype.test = test;
    Object.assign(JSON, { parse, stringify });
  }
  return scanned;
}
