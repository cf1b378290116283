import { DEFAULT_LIMITS, DEFAULT_TIMINGS, type Limits, type Timings } from 'gateway-core';
import { LIMIT_MEANINGS, TIMING_MEANINGS } from '../meanings.js';
import { flagOf } from '../setting.js';
import type { SettingRow } from './wire.js';

/** Every timing and limit with its value, its default and the flag that sets it. */
export function settingsInForce(timings: Partial<Timings> = {}, limits: Partial<Limits> = {}): SettingRow[] {
  return [...rows(DEFAULT_TIMINGS, timings, TIMING_MEANINGS), ...rows(DEFAULT_LIMITS, limits, LIMIT_MEANINGS)];
}

function rows<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  given: Readonly<Partial<Record<Name, number>>>,
  meanings: Readonly<Record<Name, string>>,
): SettingRow[] {
  return (Object.keys(defaults) as Name[]).map((name) => ({
    name,
    flag: flagOf(name),
    value: given[name] ?? defaults[name],
    fallback: defaults[name],
    meaning: meanings[name],
  }));
}
