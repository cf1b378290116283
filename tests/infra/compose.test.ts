import { readFileSync } from 'node:fs';
import { DEFAULT_TIMINGS } from 'gateway-core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentOf, one } from './dockerfile.js';
import { finalStage } from './image.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true });
const { gateway, nginx, redis } = compose.services;
const configuration = read('infra/nginx/nginx.conf').replace(/^\s*#.*$/gm, '');

/** The arguments of a directive, once for each time that it is there. */
const directives = (name: string) =>
  [...configuration.matchAll(new RegExp(`^\\s*${name}\\s+([^;{]+?)\\s*[;{]`, 'gm'))].map(([, value]) => value);

const seconds = (duration: string) => {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(duration) ?? [];
  return Number(count) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
};

test('the stack is the gateway and nginx, on the bridge gateway_net, and Redis only where it is asked for', () => {
  expect(Object.keys(compose.services).sort()).toEqual(['gateway', 'nginx', 'redis']);
  expect([gateway.profiles, nginx.profiles, redis.profiles]).toEqual([undefined, undefined, ['scale-out']]);
  expect(gateway.environment.GW_REDIS_URL).toMatch(/^\$\{GW_REDIS_URL:-\}$/);
  expect(compose.networks).toEqual({ gateway_net: { name: 'gateway_net', driver: 'bridge' } });
  for (const service of [gateway, nginx, redis]) {
    expect(service.networks).toEqual(['gateway_net']);
    expect(service.restart).toBe('unless-stopped');
    expect(service.read_only).toBe(true);
  }
});

test('nginx asks the gateway by its service name, on the port that image and compose file give it', () => {
  expect(directives('set')).toEqual(['$gateway gateway:8080']);
  expect(new Set(directives('proxy_pass'))).toEqual(new Set(['http://$gateway']));
  expect(gateway.environment.GW_PORT).toBe('8080');
  expect(gateway.expose).toEqual(['8080']);
  expect(environmentOf(finalStage).GW_PORT).toBe('8080');
  expect(one(finalStage, 'EXPOSE').rest).toBe('8080');
});

test('only nginx is reached from outside, on the ports that it listens on', () => {
  expect(gateway.ports).toBeUndefined();
  expect(redis.ports).toBeUndefined();
  expect(nginx.ports).toEqual(['80:80', '443:443']);
  expect(directives('listen')).toEqual(['80', '443 ssl']);
});

test('nginx passes on the path on which the gateway takes clients, and /health', () => {
  expect(gateway.environment.GW_PATH).toBeUndefined();
  expect(directives('location')).toEqual(['= /rt', '= /health', '/']);
});

test('configuration and certificates are mounted where nginx reads them, and it cannot change them', () => {
  // A folder: a file mounted by itself stays the old one when another is put in its place.
  expect(nginx.volumes[0]).toBe('./infra/nginx:/etc/nginx:ro');
  expect(directives('ssl_certificate')).toEqual(['/etc/nginx/certs/fullchain.pem']);
  expect(directives('ssl_certificate_key')).toEqual(['/etc/nginx/certs/privkey.pem']);
  // The file that tells who it is has to be written in spite of the read-only root.
  expect(nginx.tmpfs).toContain('/run');
  expect(directives('pid')).toEqual(['/run/nginx.pid']);
});

test('without a certificate or its key nothing starts, and Docker makes no empty folder in their place', () => {
  const needed = nginx.volumes.slice(1);
  expect(needed.map(({ source }: { source: string }) => source)).toEqual([
    './infra/nginx/certs/fullchain.pem',
    './infra/nginx/certs/privkey.pem',
  ]);
  for (const volume of needed) expect(volume).toMatchObject({ type: 'bind', read_only: true, bind: { create_host_path: false } });
});

test('the gateway trusts the one proxy that appends to X-Forwarded-For', () => {
  expect(gateway.environment.GW_TRUST_PROXY_HOPS).toBe('1');
  expect(directives('proxy_set_header')).toContain('X-Forwarded-For $proxy_add_x_forwarded_for');
});

test('nginx leaves it to the heartbeats of the gateway who was silent for too long', () => {
  const idle = /location = \/rt \{[^}]*proxy_read_timeout (\w+);[^}]*proxy_send_timeout (\w+);/.exec(configuration);
  for (const timeout of idle?.slice(1) ?? ['0s'])
    expect(seconds(timeout) * 1000).toBeGreaterThan(10 * DEFAULT_TIMINGS.heartbeatTimeoutMs);
});

test('the gateway is stopped before nginx, through which its clients are told, and a drain has the time that it may take', () => {
  // Compose stops in the reverse of the order of starting.
  expect(gateway.depends_on).toEqual(['nginx']);
  expect(nginx.depends_on).toBeUndefined();
  expect(seconds(gateway.stop_grace_period) * 1000).toBeGreaterThan(2 * DEFAULT_TIMINGS.closeTimeoutMs);
  // nginx alone cannot tell its clients anything, so it does not hold out for long.
  expect(seconds(nginx.stop_grace_period)).toBeLessThan(5);
});

test('health is asked of the gateway itself, and of the gateway through nginx', () => {
  expect(gateway.healthcheck).toBeUndefined();
  expect(one(finalStage, 'HEALTHCHECK').rest).toMatch(/^CMD \["node", ".*\/bin\.js", "health"\]$/);
  expect(nginx.healthcheck.test).toEqual(['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/health']);
});

test('no service has a capability that it does not need', () => {
  for (const service of [gateway, nginx]) {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.privileged).toBeUndefined();
  }
  expect(gateway.cap_add).toBeUndefined();
  // The last for a key that belongs to the user who made it, and that nobody else may read.
  expect(nginx.cap_add).toEqual(['CHOWN', 'SETGID', 'SETUID', 'DAC_OVERRIDE']);
});

test('logs are rotated, so that they do not fill the disk', () => {
  for (const { logging } of [gateway, nginx]) {
    expect(logging.driver).toBe('json-file');
    expect(logging.options).toEqual({
      'max-size': expect.stringMatching(/^\d+m$/),
      'max-file': expect.stringMatching(/^[1-9]\d*$/),
    });
  }
});

test('old TLS is off', () => {
  expect(directives('ssl_protocols')).toEqual(['TLSv1.2 TLSv1.3']);
});
