import { PROTOCOL_LIMITS } from './limits.js';
import { utf8Length } from './utf8-length.js';

/** An object as `JSON.parse` makes it: only its own keys were sent. */
export type JsonObject = { [key: string]: unknown };

/** What is wrong with a value, in few words that never repeat it; `undefined` when nothing is. */
export type Fault = string | undefined;

/** Looks at one value. It never converts: a value of another type is a fault. */
export type Check = (value: unknown) => Fault;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field as it was sent; `undefined`, which JSON cannot say, where it was not. What `Object.prototype` has was not sent. */
export function own(from: JsonObject, field: string): unknown {
  return Object.hasOwn(from, field) ? from[field] : undefined;
}

export function checkId(value: unknown): Fault {
  const { idLengthMax } = PROTOCOL_LIMITS;
  if (typeof value !== 'string' || value.length === 0 || value.length > idLengthMax) {
    return `must be a string of 1 to ${idLengthMax} characters`;
  }
  for (let index = 0; index < value.length; index += 1) {
    const char = value.charCodeAt(index);
    // Nearly every id is printable ASCII; only the others are worth a look into Unicode's tables.
    if (char < 0x20 || char > 0x7e) {
      return /[\p{Cc}\p{Cs}]/u.test(value) ? 'must not hold control characters or lone surrogates' : undefined;
    }
  }
  return undefined;
}

export function checkText(value: unknown, lengthMin: number, lengthMax: number): Fault {
  if (typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax) return undefined;
  return `must be a string of ${lengthMin} to ${lengthMax} characters`;
}

export function checkOneOf(value: unknown, allowed: readonly string[]): Fault {
  if (typeof value === 'string' && allowed.includes(value)) return undefined;
  return `must be one of ${allowed.map((one) => `"${one}"`).join(', ')}`;
}

export function checkTimestamp(value: unknown): Fault {
  // JSON has no Infinity, but 1e999 is read as one.
  return Number.isFinite(value) && (value as number) >= 0 ? undefined : 'must be a finite number of at least 0';
}

export function checkSeq(value: unknown): Fault {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be an integer of at least 0';
}

export function checkTail(value: unknown): Fault {
  const { tailMax } = PROTOCOL_LIMITS;
  const right = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= tailMax;
  return right ? undefined : `must be an integer of 1 to ${tailMax}`;
}

export function checkTags(value: unknown): Fault {
  const { sessionTagsMax, idLengthMax } = PROTOCOL_LIMITS;
  const right = Array.isArray(value) && value.length <= sessionTagsMax && value.every((tag) => checkId(tag) === undefined);
  return right ? undefined : `must be an array of at most ${sessionTagsMax} strings of 1 to ${idLengthMax} characters`;
}

/** The JSON text of a value that `JSON.parse` made, without white space, where it takes at most `bytesMax` bytes in UTF-8; else what is wrong with it. */
export function jsonTextOf(value: unknown, bytesMax: number): { text: string } | { fault: string } {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth, JSON.stringify only the stack's: reached where `jsonDepthMax` was set that high.
    return { fault: 'must not be nested so deep' };
  }
  return utf8Length(text) <= bytesMax ? { text } : { fault: `must be at most ${bytesMax} bytes of JSON` };
}
