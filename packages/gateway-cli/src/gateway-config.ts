import type { GatewayOptions } from 'gateway-core';
import type { ServeConfig } from './config.js';

/** What a gateway is told of a configuration. */
export function gatewayOptions(config: ServeConfig): GatewayOptions {
  const { path, allowedOrigins, trustProxyHops, trustProxyHeader, refuseBy, timings, limits } = config;
  return { path, allowedOrigins, trustProxyHops, trustProxyHeader, refuseBy, timings, limits };
}
