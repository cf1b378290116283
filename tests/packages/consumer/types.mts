// Compiled, not run: the declarations as seen from ES modules.
import { run } from 'gateway-cli';
import { createGateway, type Gateway } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { type Decoded, decode, type ErrorCode } from 'gateway-protocol';

const clock = new FakeClock();
const gateway: Gateway = createGateway({ clock });
const off: () => void = gateway.on('data', ({ groupId, seq }) => `${groupId}${seq satisfies number}`);
off();
const decoded: Decoded = decode('{}');
if (!decoded.ok) decoded.error.code satisfies ErrorCode;
run satisfies (...args: never[]) => Promise<unknown>;
// @ts-expect-error: an option of the wrong type is refused, so the types are not `any`.
createGateway({ path: 3 });
