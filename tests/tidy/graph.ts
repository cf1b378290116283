import { posix } from 'node:path';
import { factsAbout, sourcesOf } from './tree.js';

/** For each source of a package, the sources of the same package that it imports, types included. Paths from the package's `src`. */
export function graphOf(packageName: string): Map<string, string[]> {
  const folder = `packages/${packageName}/src/`;
  return new Map(
    sourcesOf(packageName).map((path) => {
      const relative = factsAbout(path).imports.filter(({ specifier }) => specifier.startsWith('.'));
      const targets = relative.map(({ specifier }) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'));
      return [path.slice(folder.length), targets.map((target) => posix.relative(folder, target))];
    }),
  );
}

/** The first import circle found, as the path that closes it; undefined where there is none. */
export function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target, [...trail, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}
