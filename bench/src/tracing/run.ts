// What tracing costs, in time on CPUs: a gateway with gateway-otel beside one without, under the same load, in turns.
import { execFileSync } from 'node:child_process';
import { gatewayDialect } from 'gateway-cli/bench';
import { estimate } from '../cost/pairs.js';
import { allowedCores } from '../machine.js';
import { ServerProcess } from '../server-process.js';
import { type Load, type TracedDialect, TracedLoad } from './traced-load.js';

const [pairs = 12, processes = 5] = process.argv.slice(2, 4).map(Number);
/** What the titles of those that are measured begin with. */
const [, , , , chosen = ''] = process.argv;
/** The generator is kept off the servers' core. */
const [core = '0', generatorCore = core] = allowedCores().map(String);
const ECHO: Load = { groups: 1000, membersPerGroup: 1, publishersPerGroup: 1, window: 1000, warmup: 20_000, messages: 5_000 };
const FAN: Load = { groups: 1, membersPerGroup: 1000, publishersPerGroup: 100, window: 64, warmup: 3_000, messages: 300 };

/** A dialect whose every publisher says where in a trace it is; one in `every` is sampled. */
function traced(every: number): TracedDialect {
  const dialect = gatewayDialect();
  let publishers = 0;
  let isAll = false;
  return {
    ...dialect,
    sampleAll(all) {
      isAll = all;
    },
    publication(group, data) {
      publishers += 1;
      const flags = isAll || publishers % every === 0 ? '01' : '00';
      const ids = `${publishers.toString(16).padStart(32, '0')}-${publishers.toString(16).padStart(16, '0')}`;
      const { type, ...rest } = JSON.parse(dialect.publication(group, data));
      return JSON.stringify({ type, traceparent: `00-${ids}-${flags}`, ...rest });
    },
  };
}

/** Nobody says so. */
function untraced(): TracedDialect {
  return { ...gatewayDialect(), sampleAll() {} };
}

interface Comparison {
  title: string;
  load: Load;
  dialect: () => TracedDialect;
  /** Of the gateway that is compared. `undefined`: none, to see what two equal ones differ by. */
  tracer: object | undefined;
  /** Spans for each message that is sampled, its delivery among them. */
  share: number;
}

const SPANS = 2;
const COMPARISONS: Comparison[] = [
  { title: 'echo, two without a tracer', load: ECHO, dialect: () => traced(100), tracer: undefined, share: 0 },
  { title: 'echo, 1 % sampled', load: ECHO, dialect: () => traced(100), tracer: {}, share: 0.01 },
  {
    title: 'echo, 1 % sampled, contexts are not found over promises',
    load: ECHO,
    dialect: () => traced(100),
    tracer: { findsContexts: false },
    share: 0.01,
  },
  {
    title: 'echo without traceparent, newTraceRatio 0.01',
    load: ECHO,
    dialect: untraced,
    tracer: { newTraceRatio: 0.01 },
    share: 0.01,
  },
  {
    title: 'echo, 1 % sampled, ignoreSampledFlag',
    load: ECHO,
    dialect: () => traced(100),
    tracer: { ignoreSampledFlag: true },
    share: 0.01,
  },
  { title: 'echo, all sampled', load: ECHO, dialect: () => traced(1), tracer: {}, share: 1 },
  { title: 'fan-out to 1,000, two without a tracer', load: FAN, dialect: () => traced(100), tracer: undefined, share: 0 },
  { title: 'fan-out to 1,000, 1 % sampled', load: FAN, dialect: () => traced(100), tracer: {}, share: 0.01 },
  {
    title: 'fan-out to 1,000, 1 % sampled, contexts are not found over promises',
    load: FAN,
    dialect: () => traced(100),
    tracer: { findsContexts: false },
    share: 0.01,
  },
];

/** Who is first changes: what comes second finds other caches. */
function inTurns<Item>(turn: number, [one, other]: readonly [Item, Item]): [Item, Item] {
  return turn % 2 === 0 ? [one, other] : [other, one];
}

async function compare({ title, load, dialect, tracer, share }: Comparison): Promise<void> {
  const plain: number[] = [];
  const ratios: number[] = [];
  for (let n = 0; n < processes; n += 1) {
    const without = await ServerProcess.start('gateway', core);
    const withTracer = await ServerProcess.start('gateway', core, tracer ? ['--tracer', JSON.stringify(tracer)] : []);
    const loads = [new TracedLoad(without, load, dialect()), new TracedLoad(withTracer, load, dialect())] as const;
    for (const one of inTurns(n, loads)) await one.open();
    const before = { messages: loads[1].messages, spans: tracer === undefined ? 0 : await withTracer.spans() };
    for (let pair = 0; pair < pairs; pair += 1) {
      const cost = new Map<TracedLoad, number>();
      for (const one of inTurns(pair, loads)) cost.set(one, await one.round());
      const [plainCost, tracedCost] = loads.map((one) => cost.get(one) as number) as [number, number];
      plain.push(plainCost);
      ratios.push(tracedCost / plainCost);
    }
    if (tracer !== undefined) {
      const due = (loads[1].messages - before.messages) * share * SPANS;
      const made = (await withTracer.spans()) - before.spans;
      if (Math.abs(made / due - 1) > 0.2) throw new Error(`${title}: ${made} spans where ${due} were due`);
    }
    await Promise.all([without.stop(), withTracer.stop()]);
  }
  const { median, low, high } = estimate(ratios);
  const [cost, ...ratio] = [estimate(plain).median.toFixed(2), ...[median, low, high].map((of) => of.toFixed(3))];
  console.log(`| ${title} | ${cost} | ${ratio[0]} | ${ratio[1]} to ${ratio[2]} | ${ratios.length} |`);
}

console.log(
  '| load | CPU of one without, µs per message | with ÷ without, median | 95 % | pairs |\n| --- | --: | --: | --: | --: |',
);
execFileSync('taskset', ['-acp', generatorCore, String(process.pid)]);
for (const one of COMPARISONS) if (one.title.startsWith(chosen)) await compare(one);
// Connections are left open.
process.exit();
