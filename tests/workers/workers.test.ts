import { expect, onTestFinished, test } from 'vitest';
import type { Happening, HistoryEntry } from '../../packages/gateway-sim/src/history.js';
import { coverageOf, judge } from '../chaos/judge.js';
import { ChaosNetwork } from '../chaos/network.js';
import { Recorder } from '../chaos/recorder.js';
import { ChaosUser } from '../chaos/user.js';
import { Serving } from './serving.js';

const FLAGS = ['--workers', '2', '--presence-interval-ms', '50', '--sweep-interval-ms', '100', '--close-timeout-ms', '1000'];
const NAMES = ['ada', 'bob', 'cyd', 'dee', 'eve', 'fay'];
const GROUPS = ['g0', 'g1'];
/** From one message of somebody to the next. */
const PACE_MS = 5;

/** Resolves conditions on what was done and seen, as soon as it was. */
class WatchedRecorder extends Recorder {
  #checks: (() => void)[] = [];

  override note(happening: Happening): void {
    super.note(happening);
    for (const check of [...this.#checks]) check();
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#checks = this.#checks.filter((other) => other !== check);
        resolve();
      };
      this.#checks.push(check);
      check();
    });
  }

  /** Waits for so many more messages that were accepted. */
  accepted(more: number): Promise<void> {
    const count = () => this.entries.filter(({ kind }) => kind === 'accepted').length;
    const before = count();
    return this.until(() => count() >= before + more);
  }
}

async function peopled() {
  const serving = new Serving(FLAGS);
  const port = Number((await serving.log('listening on ws://')).port);
  const recorder = new WatchedRecorder();
  const users = NAMES.map((name) => {
    const network = new ChaosNetwork(() => port, Math.random);
    return new ChaosUser(name, network, recorder, () => 'gateway', Math.random);
  });
  onTestFinished(() => {
    for (const user of users) user.end('killed');
    for (const { network } of users) network.close();
  });
  for (const user of users) await user.start(GROUPS);
  const areSettled = () =>
    users.every(
      ({ final, pending }) => pending === 0 && final.state === 'online' && final.groups.every(({ state }) => state === 'live'),
    );
  const knowAll = () =>
    users.every(({ final }) =>
      final.groups.every(({ members }) => members.length === NAMES.length && members.every(({ connected }) => connected)),
    );
  await recorder.until(() => areSettled() && knowAll());
  return { serving, recorder, users, port, areSettled, knowAll };
}

const closesOf = (entries: readonly HistoryEntry[]) => entries.flatMap((entry) => (entry.kind === 'closed' ? [entry.code] : []));
const leavesOf = (entries: readonly HistoryEntry[]) => entries.flatMap((entry) => (entry.kind === 'roster' ? entry.leaves : []));
const syncsOf = (entries: readonly HistoryEntry[]) =>
  entries.flatMap((entry) =>
    entry.kind === 'received' && entry.message.type === 'sync' ? [entry.message.payload?.outcome] : [],
  );

test('clients lose nothing to a worker that is killed, nor to one that is replaced, and others see nobody leave', async () => {
  const { serving, recorder, users, port, areSettled, knowAll } = await peopled();
  const before = recorder.entries.length;
  let turn = 0;
  const traffic = setInterval(() => {
    const user = users[turn % users.length] as ChaosUser;
    user.publish(GROUPS[turn % GROUPS.length] as string, 20);
    turn += 1;
  }, PACE_MS);
  onTestFinished(() => clearInterval(traffic));
  await recorder.accepted(30);

  const [first = 0] = await serving.workerPids(2);
  process.kill(first, 'SIGKILL');
  expect(await serving.log('a worker has died')).toMatchObject({ level: 'error', workerPid: first, signal: 'SIGKILL' });
  await serving.workerPids(3);
  await recorder.until(() => users.every(({ final }) => final.state === 'online') && knowAll());
  await recorder.accepted(60);
  const killed = recorder.entries.slice(before);
  const cut = closesOf(killed);
  expect(new Set(cut)).toEqual(new Set([1006]));
  // Both have clients, for they come to them in turn.
  expect(cut.length).toBeGreaterThan(0);
  expect(cut.length).toBeLessThan(NAMES.length);

  const rolled = recorder.entries.length;
  serving.process.kill('SIGHUP');
  const replacing = serving.log('workers are replaced').then(() => 'replaced');
  // Probes meet nobody who drains.
  const health = `http://127.0.0.1:${port}/health`;
  const statuses = new Set<number | string>();
  while (!statuses.has('replaced')) {
    const probe = fetch(health, { headers: { connection: 'close' } }).then(({ status }) => status);
    statuses.add(await probe).add(await Promise.race([replacing, probe]));
  }
  expect(statuses).toEqual(new Set([200, 'replaced']));
  await recorder.accepted(30);
  clearInterval(traffic);
  await recorder.until(() => areSettled() && knowAll());
  const replaced = recorder.entries.slice(rolled);
  expect(new Set(closesOf(replaced))).toEqual(new Set([4202]));
  expect(closesOf(replaced).length).toBeGreaterThanOrEqual(NAMES.length);

  // Everybody stands at the end of the same logs, and all that was accepted is there.
  for (const user of users) for (const groupId of GROUPS) user.publish(groupId, 0);
  const positions = () =>
    users.flatMap(({ final }) => final.groups.map(({ groupId, position }) => `${groupId} ${position?.epoch} ${position?.seq}`));
  await recorder.until(() => areSettled() && new Set(positions()).size === GROUPS.length);
  const entries = recorder.entries.slice(before);
  expect(leavesOf(entries)).toEqual([]);
  expect(new Set(syncsOf(entries))).toEqual(new Set(['recovered']));
  expect(coverageOf(entries)['ready as another member']).toBeUndefined();
  expect(coverageOf(entries)['ready resumed']).toBeGreaterThanOrEqual(cut.length + NAMES.length);
  expect(
    judge(
      recorder.entries,
      users.map(({ final }) => final),
    ),
  ).toEqual([]);

  for (const user of users) user.end('left');
  serving.process.kill('SIGTERM');
  expect(await serving.exit).toEqual([0, null]);
  expect(serving.lines.filter(({ level }) => level === 'error').map(({ msg }) => msg)).toEqual(['a worker has died']);
  expect(serving.stderr).toBe('');
});

test('workers whose primary is killed tell their clients, and end', async () => {
  const { serving, recorder, users } = await peopled();
  const before = recorder.entries.length;
  serving.process.kill('SIGKILL');
  await recorder.until(() => closesOf(recorder.entries.slice(before)).filter((code) => code === 4202).length >= users.length);
  await serving.log('the primary process is gone', 1);
  // Their log ends with them.
  await serving.ended;
});
