// The packages by `require`, as an application of CommonJS uses them.
const core = require('gateway-core');
const testing = require('gateway-core/testing');
const protocol = require('gateway-protocol');
const cli = require('gateway-cli');
const { WebSocket } = require('ws');
const { smoke } = require('./smoke-run.cjs');

smoke({ core, testing, protocol, cli, WebSocket });
