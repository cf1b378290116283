const core = require('gateway-core');
const testing = require('gateway-core/testing');
const http = require('node:http');
const { claims } = require('./claims.cjs');

claims({ core, testing, http });
