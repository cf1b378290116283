import { GatewayError } from 'gateway-core';

/** @param problem what is wrong with the option, as the end of a sentence that names no key. */
export function fault(option: string, problem: string): GatewayError {
  return new GatewayError('INVALID_OPTION', `${option}: ${problem}`);
}
