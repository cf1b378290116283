import type { Gateway, GatewayOptions } from 'gateway-core';
import type { Logger } from 'gateway-protocol';
import type { ServeConfig } from './config.js';

/** What a gateway is told of a configuration. */
export function gatewayOptions(config: ServeConfig): GatewayOptions {
  const { path, allowedOrigins, trustProxyHops, trustProxyHeader, refuseBy, timings, limits } = config;
  return { path, allowedOrigins, trustProxyHops, trustProxyHeader, refuseBy, timings, limits };
}

/** What becomes of clients and their messages, by `traceId`. Only at `debug`: a listener to `data` costs every message. `metadata` stays out. */
export function logLives(gateway: Gateway, logger: Logger): void {
  gateway.on('connection', ({ connectionId, remoteAddress }) => logger.debug('connected', { connectionId, remoteAddress }));
  gateway.on('identify', ({ connectionId, memberId, role, groupId }) =>
    logger.debug('identified', { connectionId, memberId, role, groupId }),
  );
  gateway.on('data', ({ groupId, seq, from, id, traceId }) =>
    logger.debug('message accepted', { groupId, seq, from, id, traceId }),
  );
  gateway.on('disconnect', ({ connectionId, memberId, code, reason }) =>
    logger.debug('disconnected', { connectionId, memberId, code, reason }),
  );
}
