/** The sizes of the contract that a client keeps to. Not the table of `gateway-protocol`: a bundle would carry all of it. A test holds them equal. */
export const ID_LENGTH_MAX = 128;
export const TAIL_MAX = 1_000_000;
export const RESUME_GROUPS_MAX = 1_000;
/** Until a gateway says another one. */
export const MESSAGE_BYTES_MAX = 262_144;
