/** `1,234`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Of rates: one digit after the point where it is small. */
export const rate = (value: number): string => (value > 0 && value < 10 ? value.toFixed(1) : count(value));

/** `12.3 KiB`. */
export function bytes(value: number): string {
  if (value < 1024) return `${Math.round(value)} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let at = -1;
  let rest = value;
  do {
    rest /= 1024;
    at += 1;
  } while (rest >= 1024 && at < units.length - 1);
  return `${rest < 10 ? rest.toFixed(1) : Math.round(rest)} ${units[at]}`;
}

/** How long ago or for how long: `0.8s`, `42s`, `3m`, `5h`, `2d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 100) return `${Math.round(seconds)}s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`;
}

/** `01:02:03`. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** An id as far as it tells it from others nearby. */
export function short(id: string, characters = 8): string {
  return id.length <= characters + 1 ? id : `${id.slice(0, characters)}…`;
}
