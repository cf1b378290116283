import { type Check, type Fault, isObject, type JsonObject, own } from './checks.js';

/** Copies known fields from an object as it was sent to a fresh one and stops at the first fault. `path` comes before a field's name in it. */
export type Copier = (from: JsonObject, to: JsonObject, path: string) => Fault;

/** Copies a field that may be absent. `null` is not absent. */
export function copyField(from: JsonObject, to: JsonObject, path: string, field: string, check: Check): Fault {
  const value = own(from, field);
  return value === undefined ? undefined : copyValue(value, to, path, field, check);
}

export function copyRequired(from: JsonObject, to: JsonObject, path: string, field: string, check: Check): Fault {
  return copyValue(own(from, field), to, path, field, check);
}

function copyValue(value: unknown, to: JsonObject, path: string, field: string, check: Check): Fault {
  const fault = check(value);
  if (fault !== undefined) return `${path}${field}: ${fault}`;
  to[field] = value;
  return undefined;
}

/** Copies a field that may be absent and is an object with fields of its own. */
export function copyObject(from: JsonObject, to: JsonObject, path: string, field: string, copier: Copier): Fault {
  return own(from, field) === undefined ? undefined : copyRequiredObject(from, to, path, field, copier);
}

export function copyRequiredObject(from: JsonObject, to: JsonObject, path: string, field: string, copier: Copier): Fault {
  const value = own(from, field);
  if (!isObject(value)) return `${path}${field}: must be an object`;
  const fresh: JsonObject = {};
  to[field] = fresh;
  return copier(value, fresh, `${path}${field}.`);
}
