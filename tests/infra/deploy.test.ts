import { readFileSync } from 'node:fs';
import { DEFAULT_TIMINGS } from 'gateway-core';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { LIMIT_SETTINGS, REDIS_SETTINGS, SERVER_SETTINGS, TIMING_SETTINGS } from '../../packages/gateway-cli/src/settings.js';
import { TOKEN_SETTINGS } from '../../packages/gateway-cli/src/token-settings.js';
import { environmentOf } from './dockerfile.js';
import { finalStage } from './image.js';
import { faultsOf } from './manifests.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const tables = [SERVER_SETTINGS, TIMING_SETTINGS, LIMIT_SETTINGS, REDIS_SETTINGS, TOKEN_SETTINGS];
const settings = tables.flatMap((table) => Object.values<{ flag: string; variable: string }>(table));
const variables = new Set([...settings.map(({ variable }) => variable), 'GW_PROBES', 'GW_PLAYGROUND', 'GW_ANONYMOUS']);

const documents = parseAllDocuments(read('infra/kubernetes/gateway.yaml')).map((document) => document.toJS());
const of = (kind: string) => documents.find((document) => document.kind === kind);
const pod = of('Deployment').spec.template.spec;
const [container] = pod.containers;
const environment: Record<string, string> = Object.fromEntries(
  container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
);
const unit = read('infra/systemd/gateway.service');
const setting = (name: string) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

test('the manifest of Kubernetes names settings that there are, and probes that they switch on', () => {
  expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([]);
  expect(environment.GW_PROBES).toBe('1');
  expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
  expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
  expect(pod.enableServiceLinks).toBe(false);
});

test('the manifests are what the schema of Kubernetes allows', async () => {
  expect(documents.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget', 'Ingress']);
  expect(await faultsOf(documents)).toEqual([]);
});

test('a field that there is not, one of another type, one that is missing, and a kind that there is not are noticed', async () => {
  const changed = structuredClone(documents);
  const [deployment, service, , ingress] = changed;
  deployment.spec.template.spec.containers[0].readinessProbe.periodSecond = 2;
  service.spec.ports[0].port = '80';
  delete ingress.spec.rules[0].http.paths[0].pathType;
  const faults = await faultsOf([...changed, { apiVersion: 'apps/v1', kind: 'Deploymint' }]);
  for (const fault of ['periodSecond', "Type 'string' is not assignable to type 'number'", 'pathType', 'Deploymint'])
    expect(faults.join('\n')).toContain(fault);
});

test('a pod has no rights that it does not need, and cannot write to its file system', () => {
  expect(pod.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.volumeMounts).toBeUndefined();
});

test('its parts fit each other, and the image', () => {
  const labels = of('Deployment').spec.template.metadata.labels;
  expect(of('Deployment').spec.selector.matchLabels).toEqual(labels);
  expect(of('Service').spec.selector).toEqual(labels);
  expect(of('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
  const [port] = container.ports;
  expect(of('Service').spec.ports[0].targetPort).toBe(port.name);
  const { service } = of('Ingress').spec.rules[0].http.paths[0].backend;
  expect(service).toEqual({ name: of('Service').metadata.name, port: { name: of('Service').spec.ports[0].name } });
  expect(port.containerPort).toBe(Number(environmentOf(finalStage).GW_PORT ?? SERVER_SETTINGS.port.fallback));
  expect(of('Ingress').spec.rules[0].http.paths[0].path).toBe(SERVER_SETTINGS.path.fallback);
});

test('a pod and a unit have the time that a drain takes', () => {
  const podMs = Number(environment.GW_DRAIN_DELAY_MS) + Number(environment.GW_CLOSE_TIMEOUT_MS);
  expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(podMs);
  const { drainDelayMs, closeTimeoutMs } = DEFAULT_TIMINGS;
  expect(Number(setting('TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(drainDelayMs + 2 * closeTimeoutMs);
});

test('a proxy that is told that the gateway pings waits for longer than it is silent', () => {
  const { annotations } = of('Ingress').metadata;
  for (const name of ['read', 'send']) {
    const seconds = Number(annotations[`nginx.ingress.kubernetes.io/proxy-${name}-timeout`]);
    expect(seconds * 1_000).toBeGreaterThan(DEFAULT_TIMINGS.heartbeatTimeoutMs);
  }
});

test('the unit of systemd has flags that there are, is told when it is ready, and may take as many files as connections', () => {
  const flags = [...(setting('ExecStart')[0] ?? '').matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
  expect(flags.filter((flag) => !settings.some((known) => known.flag === flag))).toEqual([]);
  expect(unit).toMatch(/^Type=notify\nNotifyAccess=all$/m);
  expect(Number(setting('LimitNOFILE')[0])).toBeGreaterThan(LIMIT_SETTINGS.connectionsMax.fallback);
});

test('the unit is started anew when it fails or hangs, reloads keys, listens for a proxy alone, and has no rights', () => {
  const has = (name: string) => setting(name)[0];
  expect(Number(has('WatchdogSec'))).toBeGreaterThan(10);
  expect([has('Restart'), has('ExecReload')]).toEqual(['on-failure', '/bin/kill -HUP $MAINPID']);
  expect(has('ExecStart')).toContain(' serve --host 127.0.0.1 --trust-proxy-hops 1');
  for (const name of ['DynamicUser', 'NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome', 'RestrictNamespaces'])
    expect([name, has(name)]).toEqual([name, 'yes']);
  expect([has('ProtectSystem'), has('CapabilityBoundingSet')]).toEqual(['strict', '']);
});

test('what may hold a password is in no manifest: it comes from a Secret', () => {
  const secrets = container.env.filter(({ name }: { name: string }) => /URL|PASSWORD|SECRET/.test(name));
  expect(secrets.map(({ name }: { name: string }) => name)).toEqual(['GW_REDIS_URL']);
  for (const { value, valueFrom } of secrets) {
    expect(value).toBeUndefined();
    expect(valueFrom.secretKeyRef).toEqual({ name: 'gateway', key: 'redis-url' });
  }
  // As docs/deploy.md makes it.
  expect(read('docs/deploy.md')).toContain('kubectl create secret generic gateway --from-literal=redis-url=');
});
