// The packages by `import`, as an application of ES modules uses them.
import * as cli from 'gateway-cli';
import * as core from 'gateway-core';
import * as testing from 'gateway-core/testing';
import * as protocol from 'gateway-protocol';
import { WebSocket } from 'ws';
import { smoke } from './smoke-run.cjs';

await smoke({ core, testing, protocol, cli, WebSocket });
