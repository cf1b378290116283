// Compiled, not run: the declarations as seen from CommonJS.
import core = require('gateway-core');
import protocol = require('gateway-protocol');
import cli = require('gateway-cli');
import testing = require('gateway-core/testing');

const clock = new testing.FakeClock();
const gateway: core.Gateway = core.createGateway({ clock });
const off: () => void = gateway.on('data', ({ groupId, seq }) => `${groupId}${seq satisfies number}`);
off();
const decoded: protocol.Decoded = protocol.decode('{}');
if (!decoded.ok) decoded.error.code satisfies protocol.ErrorCode;
cli.run satisfies (...args: never[]) => Promise<unknown>;
// @ts-expect-error: an option of the wrong type is refused, so the types are not `any`.
core.createGateway({ path: 3 });
