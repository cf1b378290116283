/**
 * What a run of seeds draws from beside its seeds: the same seed without it stands for another plan.
 * @typedef {{ faults?: readonly string[] | undefined, size?: object | undefined, twice?: boolean }} Drawn
 */

/** The command that shows a seed of such a run. @param {number | string} seed @param {Drawn} drawn */
export function commandFor(seed, { faults, size, twice = false }) {
  const flags = [
    ...(faults === undefined ? [] : [`--faults ${faults.join()}`]),
    ...(size === undefined ? [] : ['--size large']),
    ...(twice ? ['--twice'] : []),
  ];
  return ['pnpm sim', `--seed ${seed}`, ...flags].join(' ');
}

/**
 * Where two runs of a seed have parted, for people; `undefined` where they are the same.
 * @param {readonly string[]} one lines of a timeline
 * @param {readonly string[]} other
 */
export function partingOf(one, other) {
  const at = one.findIndex((line, index) => line !== other[index]);
  const first = at === -1 && other.length > one.length ? one.length : at;
  if (first === -1) return undefined;
  return `line ${first + 1}: ${one[first] ?? 'the end'}\n and then: ${other[first] ?? 'the end'}`;
}
