/** What a client has to say to come back as the member that it was. Its dialect writes it and reads it. */
export interface Standing {
  /** Proves that it was that member. */
  token: string | undefined;
  /** The log that {@link position} is in, where the server names it. */
  epoch: string | undefined;
  /** The last message that it has. */
  position: string | number | undefined;
  /** Whether it has come back, with its last connection, as the member that it was. */
  recovered: boolean;
  /** How often it came back as the member that it was. */
  returns: number;
}

/** Of a client that was nowhere yet. */
export function newStanding(): Standing {
  return { token: undefined, epoch: undefined, position: undefined, recovered: false, returns: 0 };
}
