import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const packages = fileURLToPath(new URL('../../../packages', import.meta.url));
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Text of a source of gateway-core, which is there exactly once, and what it becomes with a switch beside it. */
export interface Switched {
  /** Under `packages/gateway-core/src`. */
  file: string;
  text: string;
  with: string;
}

const whenOn = (file: string, text: string): Switched => ({ file, text, with: `if (SWITCH.on) ${text}` });

/** Everything that counts on the way of a message through a gateway and to its receivers. */
export const COUNTING: readonly Switched[] = [
  whenOn('connection.ts', 'this.bytesIn += byteLength;'),
  whenOn('router.ts', 'this.messagesIn += 1;'),
  whenOn('router.ts', 'this.bytesIn += byteLength;'),
  whenOn('groups/groups.ts', 'if (position.duplicate !== true) this.counters.published += 1;'),
  whenOn('groups/cursor-writer.ts', 'member.written += chunk.messages;'),
  whenOn('groups/cursor-writer.ts', 'member.latest += chunk.latest;'),
  whenOn('groups/cursor-writer.ts', 'member.volatile += chunk.volatile;'),
  whenOn('groups/cursor-writer.ts', 'this.context.counters.passedOver += chunk.latest + chunk.volatile;'),
  whenOn('groups/cursor-writer.ts', 'this.context.counters.delivered += chunk.messages;'),
  whenOn('flow-control.ts', 'this.bytesOut += all.length;'),
];

/** Where a gateway with a tracer asks it. */
export const TRACING: readonly Switched[] = [
  {
    file: 'router.ts',
    text: 'const { tracer } = this.context;',
    with: 'const tracer = SWITCH.on ? this.context.tracer : undefined;',
  },
  {
    file: 'groups/group.ts',
    text: 'if (this.context.tracer !== undefined) this.trace(',
    with: 'if (SWITCH.on && this.context.tracer !== undefined) this.trace(',
  },
];

/**
 * Bundles the load on a gateway with gateway-core from its sources, in which a switch is put beside some statements.
 * @throws Error where a text is not there exactly once.
 */
export async function bundleSwitched(outfile: string, switched: readonly Switched[]): Promise<void> {
  await build({
    entryPoints: [here('subject.ts')],
    outfile,
    plugins: [switching(switched)],
    inject: [here('switch.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    // No port is opened, so the fallbacks do for what makes `ws` faster.
    external: ['bufferutil', 'utf-8-validate'],
    alias: {
      'gateway-core': join(packages, 'gateway-core/src/index.ts'),
      'gateway-protocol': join(packages, 'gateway-protocol/src/index.ts'),
    },
  });
}

function switching(switched: readonly Switched[]): Plugin {
  return {
    name: 'switch',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const texts = switched.filter(({ file }) => path === join(packages, 'gateway-core/src', file));
        if (texts.length === 0) return undefined;
        return { contents: texts.reduce(withSwitch, readFileSync(path, 'utf8')), loader: 'ts' };
      });
    },
  };
}

/** A source with one of the switches in it. */
export function withSwitch(source: string, { file, text, with: becomes }: Switched): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`${file} has ${JSON.stringify(text)} ${count} times`);
  return source.replace(text, () => becomes);
}
