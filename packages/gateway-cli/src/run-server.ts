import { createGateway, type GatewayOptions, systemClock } from 'gateway-core';
import type { JwtAuthentication } from 'gateway-jwt';
import type { Logger } from 'gateway-protocol';
import type { RedisBackend } from 'gateway-redis';
import { asUsageError, type ServeConfig } from './config.js';
import { CountedLogger } from './counted-logger.js';
import { exposureWarning } from './exposure.js';
import { gatewayOptions } from './gateway-config.js';
import type { Io } from './io.js';
import { logClients } from './log-lives.js';
import { createLogger } from './logger.js';
import { type MetricsServer, startMetrics } from './metrics/metrics-server.js';
import { type RunningServer, serve } from './serve.js';
import { serverSignals } from './server-signals.js';
import type { Environment } from './setting.js';
import { systemdLink } from './systemd.js';
import { authenticationOf, tokensProblem } from './token-settings.js';
import { runWorkers } from './workers/run-workers.js';

/**
 * Serves until a signal, then drains.
 * @param warnings logged before it starts.
 * @param env what systemd has said, if it started this process.
 * @returns the exit code.
 * @throws UsageError (by rejection) where it cannot start as configured.
 */
export async function runServer(
  config: ServeConfig,
  io: Io,
  color: boolean,
  warnings: readonly string[],
  env: Environment,
): Promise<number> {
  if (config.workers > 0) {
    await checkConfig(config);
    return runWorkers(config, io, color, warnings, env);
  }
  const logger = createLogger({ level: config.logLevel, pretty: config.pretty, color, output: io.stdout });
  const systemd = systemdLink(env, logger);
  /** For what clients cause: they are many, or one that errs without end. */
  const counted = new CountedLogger(logger, { clock: systemClock });
  let running: RunningServer | undefined;
  let metrics: MetricsServer | undefined;
  let backend: RedisBackend | undefined;
  let authentication: JwtAuthentication | undefined;
  const signals = serverSignals(io, {
    exitNow: (signal) => {
      logger.warn('exiting before the drain is over: a second signal', { signal });
      io.exit(1);
    },
    reload: (signal) => {
      if (authentication === undefined)
        logger.info('nothing to reload: the configuration is read at the start alone', { signal });
      else logger.info('looking at the keys of tokens anew: all else is read at the start alone', { signal });
      void authentication?.reload();
    },
    stats: () => {
      if (running !== undefined) logger.info('stats', { ...running.gateway.stats() });
    },
  });
  try {
    for (const warning of warnings) logger.warn(warning);
    authentication = await checked(config, () => authenticationOf(config, logger));
    backend = await backendOf(config, counted);
    const reason = () => degradedBy(backend) ?? tokensProblem(authentication);
    running = await start(
      config,
      { ...gatewayOptions(config), ...authentication?.hooks, ...backend?.parts, logger: counted },
      reason,
    );
    // An address that is wrong shows now, and not when the first client comes.
    if (config.tokens?.jwksUrl !== undefined) void authentication?.reload();
    metrics = await metricsOf(config, running, counted);
    const { url, healthUrl, playgroundUrl, address, port, gateway } = running;
    logClients(gateway, config.logLevel, logger, counted, systemClock);
    logger.info(`listening on ${url}`, { url, healthUrl, host: config.host, port });
    if (playgroundUrl !== undefined) logger.info(`playground on ${playgroundUrl}`, { playgroundUrl });
    const warning = exposureWarning(address, config);
    if (warning !== undefined) logger.warn(warning, { address, port });
    systemd.ready();
    const signal = await signals.first;
    systemd.stopping();
    logger.info('draining', { signal, connections: gateway.stats().connections });
    await running.close();
    counted.flush();
    logger.info('stopped');
    return 0;
  } finally {
    systemd.off();
    metrics?.close();
    authentication?.close();
    backend?.close();
    signals.off();
  }
}

async function metricsOf(
  config: ServeConfig,
  { gateway, close }: RunningServer,
  logger: Logger,
): Promise<MetricsServer | undefined> {
  if (config.metricsPort === undefined) return undefined;
  try {
    const { GatewayExposition } = await import('./metrics/exposition.js');
    return await startMetrics(new GatewayExposition(gateway), config, logger);
  } catch (error) {
    await close();
    throw error;
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
  await checked(config, async () => {
    // A gateway checks its options when it is made; this one never meets a client. Its drain may be long, and keeps nobody.
    void createGateway(gatewayOptions(config)).close();
    (await authenticationOf(config))?.close();
  });
}

function degradedBy(backend: RedisBackend | undefined): string | undefined {
  return backend === undefined || backend.state === 'up' ? undefined : (backend.reason ?? 'Redis is not connected yet');
}

function start(config: ServeConfig, options: GatewayOptions, degraded: () => string | undefined): Promise<RunningServer> {
  const { host, port, playground, probes } = config;
  return checked(config, () => serve({ ...options, host, port, playground, probes, degraded }));
}

async function checked<T>(config: ServeConfig, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asUsageError(error, config);
  }
}
