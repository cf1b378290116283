import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** One document of a manifest. */
export interface Manifest {
  apiVersion: string;
  kind: string;
}

/**
 * Holds manifests against the types that `kubernetes-types` generates from the schema of Kubernetes itself, by the TypeScript compiler: a field
 * that there is not, a missing one that is required, and a value of another type are errors, however deep.
 * @returns the compiler's messages; none where all is well.
 */
export async function faultsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-manifests-'));
  try {
    for (const [index, manifest] of manifests.entries()) {
      const { apiVersion, kind } = manifest;
      const type = `import('kubernetes-types/${moduleOf(apiVersion)}').${kind}`;
      const text = `export const manifest: ${type} = ${JSON.stringify(manifest, undefined, 2)};\n`;
      writeFileSync(join(folder, `${index}-${kind}.ts`), text);
    }
    const compilerOptions = {
      strict: true,
      noEmit: true,
      types: [],
      module: 'preserve',
      paths: { 'kubernetes-types/*': [join(modules, 'kubernetes-types/*')] },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const compiler = [join(modules, 'typescript/bin/tsc'), '-p', folder, '--pretty', 'false'];
    const output = await new Promise<string>((resolve) =>
      execFile(process.execPath, compiler, { cwd: folder }, (error, stdout, stderr) =>
        resolve(error === null ? '' : stdout + stderr || error.message),
      ),
    );
    return output.split('\n').filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `v1` → `core/v1`, `networking.k8s.io/v1` → `networking/v1`. */
function moduleOf(apiVersion: string): string {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? `core/${group}` : `${group.split('.', 1)[0]}/${version}`;
}
