/** Looks at a value from outside. @param name what it is called where it came from. @throws TypeError where it is not what it must be. */
export type InputCheck = (value: unknown, name: string) => void;

/** An object, by the names of its fields. */
export type Fields = Readonly<Record<string, InputCheck>>;

/** @throws TypeError always: it says what the value must be. */
export function refuse(name: string, must: string, value: unknown): never {
  throw new TypeError(`${name}: must be ${must}, not ${shown(value)}`);
}

/** A finite number in a range, both ends included. */
export function numberFrom(least: number, most: number): InputCheck {
  return (value, name) => {
    const fits = typeof value === 'number' && value >= least && value <= most;
    if (!fits) refuse(name, `a number from ${least} to ${most}`, value);
  };
}

/** A whole number in a range, both ends included. */
export function wholeFrom(least: number, most: number): InputCheck {
  return (value, name) => {
    const fits = Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
    if (!fits) refuse(name, `a whole number from ${least} to ${most}`, value);
  };
}

/** A text of at most so many characters. */
export function textUpTo(most: number): InputCheck {
  return (value, name) => {
    if (typeof value !== 'string' || value.length > most) refuse(name, `a text of at most ${most} characters`, value);
  };
}

/** One of some texts. */
export function oneOf(texts: readonly string[]): InputCheck {
  return (value, name) => {
    if (!texts.includes(value as string)) refuse(name, `one of ${texts.join(', ')}`, value);
  };
}

export const isBoolean: InputCheck = (value, name) => {
  if (typeof value !== 'boolean') refuse(name, 'true or false', value);
};

export const isFunction: InputCheck = (value, name) => {
  if (typeof value !== 'function') refuse(name, 'a function', value);
};

/** That, or nothing. */
export function optional(check: InputCheck): InputCheck {
  return (value, name) => {
    if (value !== undefined) check(value, name);
  };
}

/** A list of at most so many. */
export function listOf(check: InputCheck, most: number): InputCheck {
  return (value, name) => {
    if (!Array.isArray(value)) refuse(name, 'a list', value);
    if (value.length > most) throw new TypeError(`${name}: must be of at most ${most}, not ${value.length}`);
    for (const [at, item] of value.entries()) check(item, `${name}[${at}]`);
  };
}

/** An object whose fields have any names. */
export function recordOf(check: InputCheck): InputCheck {
  return (value, name) => {
    for (const [key, field] of Object.entries(objectOf(value, name))) check(field, `${name}.${key}`);
  };
}

/** An object with these fields and no others. */
export function fieldsOf(fields: Fields): InputCheck {
  return (value, name) => {
    const object = objectOf(value, name);
    const prefix = name === '' ? '' : `${name}.`;
    for (const key of Object.keys(object)) {
      if (!Object.hasOwn(fields, key))
        throw new TypeError(`${prefix}${key}: is not known here; what is: ${Object.keys(fields).join(', ')}`);
    }
    for (const [key, check] of Object.entries(fields)) check(object[key], `${prefix}${key}`);
  };
}

/** An object that is no list. */
export function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name || 'options', 'an object', value);
  return value as Record<string, unknown>;
}

/** An object, and no promise of one. */
export function atOnce(value: unknown, name: string): Record<string, unknown> {
  if (value instanceof Promise) refuse(name, 'an object, and no promise of one', value);
  return objectOf(value, name);
}

/** A text of anything that was thrown, also of what cannot be made one. */
export function errorText(error: unknown, stack = false): string {
  try {
    const known = stack ? (error as Error | null | undefined)?.stack : undefined;
    return typeof known === 'string' ? known : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : String(value);
  if (Array.isArray(value)) return 'a list';
  return value instanceof Promise ? 'a promise' : 'an object';
}
