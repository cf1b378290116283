/** A place in a group's log: `epoch` names the log, `seq` the last message seen in it. */
export interface LogPosition {
  /** Changes when a log is lost and begun anew; positions in two epochs do not compare. */
  epoch: string;
  /** From 1; 0 is before the first message. */
  seq: number;
}

/**
 * What a client wants of a group's log before anything live: what it missed after a position, or the last messages. Both together ask
 * for the messages after the position, and for the last ones only where the position cannot be recovered.
 */
export type Since =
  | {
      /** The log that `seq` is of. */
      epoch: string;
      /** The last message seen; 0 where there was none. */
      seq: number;
      /** The last messages to replay where the position cannot be recovered: 1 to 1,000,000. */
      tail?: number | undefined;
    }
  | {
      epoch?: undefined;
      seq?: undefined;
      /** How many of the log's last messages to replay: 1 to 1,000,000. */
      tail: number;
    };

/** What a client that resumes wants of one group: as {@link Since} says, or nothing, which is an empty object. */
export type ResumeSince = Since | { epoch?: undefined; seq?: undefined; tail?: undefined };
