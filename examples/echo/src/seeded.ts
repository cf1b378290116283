/**
 * Ids that follow from the seed: the same seed gives the same ids in the same order. For virtual time only, for they can be guessed.
 * The generator is mulberry32: 32 bits of state are plenty for the ids of one scenario.
 */
export function seededIds(seed: number): () => string {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0).toString(16).padStart(8, '0');
  };
}
