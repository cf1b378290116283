/** A failure said as a value: `code` is for programs, `message` for people. The shape is that of the kit's shared library. */
export interface CommonError {
  code: string;
  message: string;
  details?: unknown;
  /** Whether the same request may succeed later. */
  retryable?: boolean | undefined;
}

/** Either `data` or a {@link CommonError}; never an exception. */
export type Result<T, E extends CommonError = CommonError> = { ok: true; data: T } | { ok: false; error: E };
