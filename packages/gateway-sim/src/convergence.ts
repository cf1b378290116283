/**
 * How long after the last fault everything is as it should be, in virtual milliseconds: silence is noticed (25 s), a member's window is over
 * (15 s), or a gateway's lease (15 s); the next attempt comes after 8 s at most, and its hooks and its replay take a little.
 */
export const CONVERGENCE_MS = 60_000;
