import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandTo, freePort, SERVER } from './test-redis.js';

/** Sentinels that watch a primary by the name `mymaster`, and take it for gone after half a second. */
export class TestSentinels {
  readonly #processes: ChildProcess[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-sentinels-'));
  readonly #lines: string[] = [];
  #look: () => void = () => {};

  private constructor(readonly ports: readonly number[]) {}

  static async start(primaryPort: number, count: number): Promise<TestSentinels> {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePort());
    const sentinels = new TestSentinels(ports);
    for (const port of ports) sentinels.#run(port, primaryPort, Math.floor(count / 2) + 1);
    return sentinels;
  }

  get url(): string {
    return `redis+sentinel://${this.ports.map((port) => `127.0.0.1:${port}`).join(',')}/mymaster`;
  }

  /** Resolves when they know of each other and of the replica, without which they cannot agree on a successor. */
  async untilReady(): Promise<void> {
    const { length } = this.ports;
    const count = (said: string) => this.#lines.filter((line) => line.includes(said)).length;
    await this.#until(() => count('+slave ') >= length && count('+sentinel ') >= length * (length - 1));
  }

  /** Resolves with the port of the next primary. */
  async untilSwitched(): Promise<number> {
    const switched = () => this.#lines.find((line) => line.includes('+switch-master mymaster'));
    await this.#until(() => switched() !== undefined);
    return Number(switched()?.trim().split(' ').at(-1));
  }

  command(...args: string[]): Promise<unknown> {
    return commandTo(`redis://127.0.0.1:${this.ports[0]}`, args);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(port: number, primaryPort: number, quorum: number): void {
    const file = join(this.#folder, `${port}.conf`);
    const watch = [
      `sentinel monitor mymaster 127.0.0.1 ${primaryPort} ${quorum}`,
      'sentinel down-after-milliseconds mymaster 500',
      'sentinel failover-timeout mymaster 3000',
    ];
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${this.#folder}`, ...watch, ''].join('\n'));
    const child = spawn(SERVER, [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#processes.push(child);
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    child.stdout.on('data', (text: Buffer) => {
      this.#lines.push(...text.toString().split('\n'));
      this.#look();
    });
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (condition()) resolve();
      };
      this.#look();
    });
  }
}
