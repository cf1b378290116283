import { describe, expect, test } from 'vitest';
import { findCircle, graphOf } from './graph.js';
import { CORE_LAYERS, emptyPlaces, placeOf, pointsDown } from './layers.js';
import type { Import } from './syntax.js';
import { factsAbout, packageNames, read, sourcesOf } from './tree.js';

/** Which packages a package may name; a new package needs a line here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'gateway-protocol': [],
  'gateway-client': ['gateway-protocol'],
  'gateway-core': ['gateway-protocol'],
  'gateway-sim': ['gateway-client', 'gateway-core', 'gateway-protocol'],
  'gateway-redis': ['gateway-core'],
  'gateway-jwt': ['gateway-core'],
  'gateway-otel': ['gateway-core'],
  'gateway-cli': ['gateway-core', 'gateway-jwt', 'gateway-protocol', 'gateway-redis'],
};
const TIME = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'performance'],
  ...['Date.now', 'process.hrtime', 'process.uptime'],
];
const TIME_MODULES = /^(node:)?(timers|timers\/promises|perf_hooks)$/;

const core = sourcesOf('gateway-core');
const libraries = [...core, ...sourcesOf('gateway-protocol')];
const layer = (name: string) => CORE_LAYERS[name] ?? [];
const inCore = (path: string) => path.slice('packages/gateway-core/src/'.length);

describe.each(packageNames)('%s', (name) => {
  const sources = sourcesOf(name);

  test('has no import circle, types included', () => {
    expect(findCircle(graphOf(name))?.join(' → ')).toBeUndefined();
  });

  test('reaches only its own sources by relative imports', () => {
    const known = new Set(graphOf(name).keys());
    const outside = [...graphOf(name)].flatMap(([file, targets]) =>
      targets.filter((target) => !known.has(target)).map((t) => `${file} → ${t}`),
    );
    expect(outside).toEqual([]);
  });

  test('names only Node, its declared dependencies, and the packages below it', () => {
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
    const declared = { ...dependencies, ...peerDependencies };
    const foreign = sources.flatMap((path) =>
      factsAbout(path)
        .imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .filter(({ specifier }) => {
          // One of ours may have entries beside the first.
          const [ours = specifier] = /^gateway-[^/]+/.exec(specifier) ?? [];
          return !Object.hasOwn(declared, ours) || (/^gateway-/.test(ours) && !MAY_IMPORT[name]?.includes(ours));
        })
        .map(({ specifier }) => `${path} → ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  test('exports name by name', () => {
    expect(sources.filter((path) => factsAbout(path).exportsStar)).toEqual([]);
  });
});

test('gateway-protocol imports nothing, not even Node', () => {
  const imports = sourcesOf('gateway-protocol').flatMap((path) => factsAbout(path).imports);
  expect(imports.filter(({ specifier }) => !specifier.startsWith('./'))).toEqual([]);
});

test('every file of gateway-core has its place in the table of layers, and every place its file', () => {
  const files = core.map(inCore);
  expect(
    files.filter((file) => placeOf(file) === undefined),
    'give these files a place in tests/tidy/layers.ts',
  ).toEqual([]);
  expect(emptyPlaces(files), 'these places in tests/tidy/layers.ts have no file any more').toEqual([]);
});

test('imports in gateway-core point down, types included', () => {
  const upward = [...graphOf('gateway-core')].flatMap(([file, targets]) =>
    targets.filter((target) => !pointsDown(file, target)).map((target) => `${file} → ${target}`),
  );
  expect(upward, 'the right side stands below the left one in tests/tidy/layers.ts').toEqual([]);
});

test('only the composition root and the entries name an implementation in memory', () => {
  const isMemory = (file: string) => /^(presence|sessions|broker)\/memory-/.test(file);
  const naming = [...graphOf('gateway-core')].filter(([, targets]) => targets.some(isMemory)).map(([file]) => file);
  const allowed = [...layer('composition'), ...layer('entries')];
  expect(naming.filter((file) => !allowed.some((entry) => placeOf(entry) === placeOf(file)))).toEqual([]);
});

test('only one file imports ws, and only the composition root makes a transport', () => {
  const importers = (wanted: (one: Import) => boolean) =>
    core.filter((path) => factsAbout(path).imports.some(wanted)).map(inCore);
  expect(importers(({ specifier }) => specifier === 'ws')).toEqual(['transport/ws-package.ts']);
  expect(importers(({ specifier, typeOnly }) => specifier.endsWith('/ws-transport.js') && !typeOnly)).toEqual(
    layer('composition'),
  );
});

test('only clocks touch timers and the time of day', () => {
  // The fake one waits for promises to settle, by a turn of the real event loop.
  const clocks = ['clock.ts', 'testing/fake-clock.ts'].map((file) => `packages/gateway-core/src/${file}`);
  const touching = libraries.filter((path) => {
    const { globals, imports } = factsAbout(path);
    return TIME.some((name) => globals.has(name)) || imports.some(({ specifier }) => TIME_MODULES.test(specifier));
  });
  expect(touching.filter((path) => !clocks.includes(path))).toEqual([]);
});

test('gateway-redis goes by the clock and the chance that it is given, as a simulation needs it', () => {
  const touching = sourcesOf('gateway-redis').filter((path) => {
    const { globals, imports } = factsAbout(path);
    const isRandom = globals.has('Math.random') || /\brandom(Bytes|UUID|Int)\b/.test(read(path));
    return isRandom || TIME.some((name) => globals.has(name)) || imports.some(({ specifier }) => TIME_MODULES.test(specifier));
  });
  expect(touching).toEqual(['packages/gateway-redis/src/random-source.ts']);
});

test('the libraries print nothing', () => {
  expect(libraries.filter((path) => factsAbout(path).globals.has('console'))).toEqual([]);
});
