/** What a cursor reads in one go. */
export interface Chunk {
  /** The frames of everything after the cursor up to `end`; absent where all of it was passed over. */
  readonly bytes: Buffer | undefined;
  /** Where the cursor stands after it. */
  readonly end: number;
  /** How many messages `bytes` holds. */
  readonly messages: number;
}

/** How a cursor reads. */
export interface Reader {
  /** Superseded `latest` and all `volatile` messages are passed over. */
  readonly behind: boolean;
  /** It takes compressed frames. */
  readonly deflate: boolean;
}
