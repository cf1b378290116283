/** The sizes of the contract (PROTOCOL.md, "Limits"). `messageBytesMax` and those of {@link DecodeLimits} are a gateway's to change; the others are fixed. */
export const PROTOCOL_LIMITS = {
  /** Longest text message, in UTF-8 bytes. A longer one is closed with 1009. */
  messageBytesMax: 262_144,
  /** Deepest nesting of arrays and objects in one message; the envelope itself is level 1. */
  jsonDepthMax: 64,
  /** Longest `groupId`, `sessionId`, `id`, `traceId` or `key`, in UTF-16 code units, as `String.length` counts. */
  idLengthMax: 128,
  /** Largest `metadata` of an `identify`, in UTF-8 bytes of its JSON. */
  metadataBytesMax: 4096,
  /** Largest `state` of a `presence`, in UTF-8 bytes of its JSON. */
  presenceStateBytesMax: 1024,
  /** Largest `token` of an `identify`, and largest resume token, in UTF-16 code units. */
  tokenLengthMax: 8192,
  /** Largest `label` or `createdBy` of a session's `meta`, in UTF-16 code units. */
  sessionTextLengthMax: 256,
  /** Most `tags` of a session's `meta`; each is at most `idLengthMax` long. */
  sessionTagsMax: 32,
  /** Most entries of `resume.groups` in an `identify`. */
  resumeGroupsMax: 1000,
  /** Largest `tail`: the last messages of a log that a client may ask for. */
  tailMax: 1_000_000,
} as const;

/** The limits that {@link decode} applies and a gateway may set. `Infinity` switches one off. */
export interface DecodeLimits {
  /** Deepest nesting of a message; the envelope itself is level 1. Default: 64. */
  jsonDepthMax: number;
  /** Largest `metadata` of an `identify`, in UTF-8 bytes of its JSON. Default: 4096. */
  metadataBytesMax: number;
  /** Largest `state` of a `presence`, in UTF-8 bytes of its JSON. Default: 1024. */
  presenceStateBytesMax: number;
}
