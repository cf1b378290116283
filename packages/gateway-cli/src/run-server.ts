import { createGateway, type GatewayOptions } from 'gateway-core';
import type { Logger } from 'gateway-protocol';
import type { RedisBackend } from 'gateway-redis';
import { asUsageError, type ServeConfig } from './config.js';
import { exposureWarning } from './exposure.js';
import { gatewayOptions, logLives } from './gateway-config.js';
import type { Io } from './io.js';
import { createLogger } from './logger.js';
import { type RunningServer, serve } from './serve.js';
import { serverSignals } from './server-signals.js';
import { runWorkers } from './workers/run-workers.js';

/**
 * Serves until a signal, then drains.
 * @param warnings logged before it starts.
 * @returns the exit code.
 * @throws UsageError (by rejection) where it cannot start as configured.
 */
export async function runServer(config: ServeConfig, io: Io, color: boolean, warnings: readonly string[]): Promise<number> {
  if (config.workers > 0) {
    await checkConfig(config);
    return runWorkers(config, io, color, warnings);
  }
  const logger = createLogger({ level: config.logLevel, pretty: config.pretty, color, output: io.stdout });
  let running: RunningServer | undefined;
  let backend: RedisBackend | undefined;
  const signals = serverSignals(io, {
    exitNow: (signal) => {
      logger.warn('exiting before the drain is over: a second signal', { signal });
      io.exit(1);
    },
    reload: (signal) => logger.info('nothing to reload: the configuration is read at the start alone', { signal }),
    stats: () => {
      if (running !== undefined) logger.info('stats', { ...running.gateway.stats() });
    },
  });
  try {
    for (const warning of warnings) logger.warn(warning);
    backend = await backendOf(config, logger);
    running = await start(config, { ...gatewayOptions(config), ...backend?.parts, logger }, backend);
    const { url, healthUrl, playgroundUrl, address, port, gateway } = running;
    if (config.logLevel === 'debug') logLives(gateway, logger);
    logger.info(`listening on ${url}`, { url, healthUrl, host: config.host, port });
    if (playgroundUrl !== undefined) logger.info(`playground on ${playgroundUrl}`, { playgroundUrl });
    const warning = exposureWarning(address, config.allowedOrigins);
    if (warning !== undefined) logger.warn(warning, { address, port });
    const signal = await signals.first;
    logger.info('draining', { signal, connections: gateway.stats().connections });
    await running.close();
    logger.info('stopped');
    return 0;
  } finally {
    backend?.close();
    signals.off();
  }
}

/** Loaded only where it is wanted. It need not be there yet: the gateway starts, and takes clients once it is. */
async function backendOf({ redis }: ServeConfig, logger: Logger): Promise<RedisBackend | undefined> {
  if (redis === undefined) return undefined;
  const { createRedisBackend } = await import('gateway-redis');
  return createRedisBackend({ ...redis, logger });
}

/**
 * Checks a configuration without listening.
 * @throws UsageError (by rejection) where the gateway would not take it.
 */
export async function checkConfig(config: ServeConfig): Promise<void> {
  try {
    // A gateway checks its options when it is made; this one never meets a client. Its drain may be long, and keeps nobody.
    void createGateway(gatewayOptions(config)).close();
  } catch (error) {
    throw asUsageError(error, config);
  }
}

async function start(config: ServeConfig, options: GatewayOptions, backend?: RedisBackend): Promise<RunningServer> {
  try {
    const { host, port, playground } = config;
    const degraded = backend && (() => (backend.state === 'up' ? undefined : (backend.reason ?? 'Redis is not connected yet')));
    return await serve({ ...options, host, port, playground, degraded });
  } catch (error) {
    throw asUsageError(error, config);
  }
}
