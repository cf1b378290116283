/*
 * The data of every published message: `~#`, its publisher's number in the group in five digits, its own number among that
 * publisher's messages in ten, its size in seven, filling, `~`. All ASCII that JSON leaves as it is, so a receiver finds the numbers
 * by their mark without parsing, wherever a dialect's envelope has put them, and sees at the last byte that the data was not cut.
 */
const MARK = '~#';
const TILDE = 0x7e;
const HASH = 0x23;
const STREAM_AT = MARK.length;
const STREAM_DIGITS = 5;
const NUMBER_AT = STREAM_AT + STREAM_DIGITS;
const NUMBER_DIGITS = 10;
const SIZE_AT = NUMBER_AT + NUMBER_DIGITS;
const SIZE_DIGITS = 7;
/** Shortest data: mark, stream, number, size, end. */
export const DATA_BYTES_MIN = SIZE_AT + SIZE_DIGITS + 1;

const digits = (value: number, count: number) => String(value).padStart(count, '0');

/** What fills data up to its size. */
export type Filling = 'x' | 'records';

/** Records as a drawing board may send them, as different and as alike as such are. Always the same ones: no server is to have luck. */
function fillingOf(filling: Filling, size: number): string {
  if (filling === 'x') return 'x'.repeat(size);
  let state = 1;
  const number = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  let text = '';
  while (text.length < size) {
    const kind = ['stroke', 'note', 'arrow', 'cursor'][number(4)];
    text += `{id:${number(1e6)},kind:${kind},x:${number(20_000) / 10},y:${number(12_000) / 10},by:user-${number(50)},at:17${number(1e9)}},`;
  }
  return text.slice(0, size);
}

/**
 * Data of `size` bytes with the number 0.
 * @param stream number of the publisher in its group. Default 0.
 * @throws RangeError for a size outside {@link DATA_BYTES_MIN} to 9,999,999 and a stream over 99,999.
 */
export function dataOfSize(size: number, stream = 0, filling: Filling = 'x'): string {
  if (!(size >= DATA_BYTES_MIN && size < 10 ** SIZE_DIGITS)) throw new RangeError(`data has ${DATA_BYTES_MIN} to 9999999 bytes`);
  if (!(stream >= 0 && stream < 10 ** STREAM_DIGITS)) throw new RangeError('a group has at most 100000 publishers');
  const head = digits(stream, STREAM_DIGITS) + digits(0, NUMBER_DIGITS) + digits(size, SIZE_DIGITS);
  return `${MARK}${head}${fillingOf(filling, size - DATA_BYTES_MIN)}~`;
}

/** Where the data begins in `buffer[start … end)`, looking first at `guess`; -1 when there is none. */
export function findData(buffer: Buffer, start: number, end: number, guess: number): number {
  if (guess >= start && guess + DATA_BYTES_MIN <= end && buffer[guess] === TILDE && buffer[guess + 1] === HASH) return guess;
  const found = buffer.indexOf(MARK, start, 'latin1');
  return found + DATA_BYTES_MIN > end ? -1 : found;
}

/** Whether the data at `at` is there to its last byte, if it has `size` bytes. */
export function isWhole(buffer: Buffer, at: number, end: number, size: number): boolean {
  // A shorter or longer message has filling, or nothing, where this looks for the end.
  return at + size <= end && buffer[at + size - 1] === TILDE;
}

function readDigits(buffer: Buffer, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) {
    const digit = buffer[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** The publisher's number in the data at `at`, or -1 where there are other characters than digits. */
export function readStream(buffer: Buffer, at: number): number {
  return readDigits(buffer, at + STREAM_AT, at + NUMBER_AT);
}

/** The message's number in the data at `at`, or -1 where there are other characters than digits. */
export function readNumber(buffer: Buffer, at: number): number {
  return readDigits(buffer, at + NUMBER_AT, at + SIZE_AT);
}

/** The size that the data at `at` says it has, or -1. */
export function readSize(buffer: Buffer, at: number): number {
  return readDigits(buffer, at + SIZE_AT, at + SIZE_AT + SIZE_DIGITS);
}

/** Writes `number` into the data at `at`. */
export function writeNumber(buffer: Buffer, at: number, number: number): void {
  writeDigits(buffer, at + NUMBER_AT, at + SIZE_AT, number);
}

/** Writes `number` with leading zeros from `from` up to `to`. */
export function writeDigits(buffer: Buffer, from: number, to: number, number: number): void {
  let rest = number;
  for (let i = to - 1; i >= from; i--) {
    buffer[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
