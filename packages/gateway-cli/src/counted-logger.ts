import type { Clock } from 'gateway-core';
import type { Logger } from 'gateway-protocol';

export interface CountedLoggerOptions {
  clock: Clock;
  /** Lines of one kind, which is a level, a message and its `where`, in a second. Default 20. */
  linesPerSecondMax?: number | undefined;
}

type Level = Exclude<keyof Logger, 'debug'>;

/** Kinds of a second that are counted each; all others are one. Messages are the program's own words, but nothing here relies on it. */
const KINDS_MAX = 64;
const SECOND_MS = 1_000;
const OTHERS = { msg: 'other lines', where: undefined };

/** Lines of one kind since the second began. */
interface Kind {
  readonly level: Level;
  readonly msg: string;
  /** What has failed, where the line says so. */
  readonly where: string | undefined;
  lines: number;
}

/**
 * A logger that a flood does not fill: of each kind the first lines of a second are written, and at its end one that says how many were
 * left out. `debug` passes whole: who asks for it wants every line.
 */
export class CountedLogger implements Logger {
  readonly #kinds = new Map<string, Kind>();
  #timer: unknown;

  constructor(
    private readonly logger: Logger,
    private readonly options: CountedLoggerOptions,
  ) {}

  debug(msg: string, meta?: Record<string, unknown>): void {
    this.logger.debug(msg, meta);
  }

  info(msg: string, meta?: Record<string, unknown>): void {
    this.#log('info', msg, meta);
  }

  warn(msg: string, meta?: Record<string, unknown>): void {
    this.#log('warn', msg, meta);
  }

  error(msg: string, meta?: Record<string, unknown>): void {
    this.#log('error', msg, meta);
  }

  /** Says now what was left out, for nobody may be there at the end of the second. */
  flush(): void {
    this.options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const kinds = [...this.#kinds.values()];
    this.#kinds.clear();
    for (const { level, msg, where, lines } of kinds) {
      const untold = lines - this.#linesMax;
      if (untold > 0)
        this.logger[level](`${msg}: more of these than lines were logged`, { ...(where !== undefined && { where }), untold });
    }
  }

  get #linesMax(): number {
    return this.options.linesPerSecondMax ?? 20;
  }

  #log(level: Level, msg: string, meta: Record<string, unknown> | undefined): void {
    const where = typeof meta?.where === 'string' ? meta.where : undefined;
    const kind = this.#kindOf(level, msg, where);
    kind.lines += 1;
    if (kind.lines <= this.#linesMax) this.logger[level](msg, meta);
  }

  #kindOf(level: Level, msg: string, where: string | undefined): Kind {
    this.#timer ??= this.options.clock.setTimeout(() => this.flush(), SECOND_MS);
    const id = `${level} ${msg} ${where ?? ''}`;
    const known = this.#kinds.get(id);
    if (known !== undefined) return known;
    const isOther = this.#kinds.size >= KINDS_MAX;
    const kindId = isOther ? level : id;
    const kind = this.#kinds.get(kindId) ?? { level, ...(isOther ? OTHERS : { msg, where }), lines: 0 };
    this.#kinds.set(kindId, kind);
    return kind;
  }
}
