import { GatewayExposition } from '../../../packages/gateway-cli/src/metrics/exposition.js';
import { estimate } from './pairs.js';
import { type Load, Subject } from './subject.js';

export const SCRAPED: Load = { groups: 1_000, membersPerGroup: 10, messagesPerTurn: 100, messagesPerBlock: 1_000 };

/** What a scrape takes of a gateway with 10,000 connections, in milliseconds on a CPU: the median. */
export interface ScrapeCost {
  /** `gateway.metrics()` alone, in which the event loop does nothing else. */
  metrics: number;
  /** All that `--metrics-port` answers. */
  text: number;
}

/** Messages are published between two scrapes, so that the gateway's memory is not all in caches. @throws Error where a scrape is not whole. */
export async function measureScrapes(scrapes: number, load = SCRAPED): Promise<ScrapeCost> {
  const subject = await Subject.open(load, {});
  const exposition = new GatewayExposition(subject.gateway);
  const costs: ScrapeCost[] = [];
  for (let n = 0; n < scrapes; n += 1) {
    await subject.publish(load.messagesPerBlock);
    const metrics = await cpuMs(() => subject.gateway.metrics());
    await subject.publish(load.messagesPerBlock);
    let answer = '';
    const text = await cpuMs(async () => {
      answer = await exposition.text();
    });
    const due = `gateway_connections{dialect="1"} ${load.groups * load.membersPerGroup}\n`;
    if (!answer.includes(due)) throw new Error(`${JSON.stringify(due)} is not in a scrape`);
    costs.push({ metrics, text });
  }
  return { metrics: medianOf(costs, 'metrics'), text: medianOf(costs, 'text') };
}

async function cpuMs(task: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const medianOf = (costs: readonly ScrapeCost[], key: keyof ScrapeCost) => estimate(costs.map((cost) => cost[key])).median;
