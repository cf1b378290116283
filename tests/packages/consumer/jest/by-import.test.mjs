import * as http from 'node:http';
import * as core from 'gateway-core';
import * as testing from 'gateway-core/testing';
import { claims } from './claims.cjs';

claims({ core, testing, http });
