import { setTimeout as wait } from 'node:timers/promises';
import type { FinalUser, HistoryEntry, Violation } from '../../packages/gateway-sim/src/history.js';
import { Random } from '../../packages/gateway-sim/src/random.js';
import { type Actors, act, atMost } from './acting.js';
import { GatewayProcess } from './gateway-process.js';
import { coverageOf, judge } from './judge.js';
import { ChaosNetwork } from './network.js';
import { Recorder } from './recorder.js';
import { makeSchedule, type Size } from './schedule.js';
import { ChaosUser } from './user.js';

export interface ChaosOptions extends Size {
  seed: string;
  /** How long everybody may take to come to rest after the last fault. */
  convergenceMs: number;
  /** Is told what is done, line by line. */
  log?: ((line: string) => void) | undefined;
}

export interface ChaosReport {
  seed: string;
  /** How often each kind of step was taken. */
  done: Record<string, number>;
  /** How often each answer, code and outcome was seen. */
  covered: Record<string, number>;
  violations: Violation[];
  /** Processes of the gateway that there were. */
  gateways: number;
  messages: { sent: number; received: number };
  /** How long it took from the last fault until everybody was where they want to be. */
  convergedMs: number;
}

/** Beside it what was judged. */
export interface ChaosResult {
  report: ChaosReport;
  entries: readonly HistoryEntry[];
  users: readonly FinalUser[];
}

/** Deadlines so short that a run of seconds meets them, and limits so low that gaps and slow consumers come up. */
const FLAGS = Object.entries({
  'heartbeat-interval-ms': 600,
  'heartbeat-timeout-ms': 2_000,
  'resume-ttl-ms': 4_000,
  'identify-timeout-ms': 3_000,
  'close-timeout-ms': 1_000,
  'slow-consumer-timeout-ms': 1_500,
  'sweep-interval-ms': 100,
  'presence-interval-ms': 50,
  'log-messages-max': 64,
  'socket-high-water-mark-bytes': 32_768,
}).flatMap(([name, value]) => [`--${name}`, String(value)]);

const NAMES = ['ada', 'bob', 'cyd', 'dee', 'eve', 'fay', 'gil', 'hal'];

/** Real clients, a real gateway and a network that fails, by a schedule that the seed decides; then everything heals, and is judged. */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, convergenceMs, log = () => {} } = options;
  const random = new Random(seed);
  const recorder = new Recorder();
  const fault = (text: string) => recorder.note({ kind: 'found', check: 'gateway', text });
  const gateway = new GatewayProcess(FLAGS, fault);
  const users = Array.from({ length: options.users }, (_, index) => {
    const name = NAMES[index] ?? `user-${index}`;
    const source = random.fork(name);
    const network = new ChaosNetwork(
      () => gateway.port,
      () => source.next(),
    );
    return new ChaosUser(
      name,
      network,
      recorder,
      () => `gateway ${gateway.starts}`,
      () => source.next(),
    );
  });
  const groups = Array.from({ length: options.groups }, (_, index) => `g${index}`);
  const actors: Actors = { gateway, users, groups, turns: Promise.resolve() };
  const done: Record<string, number> = {};
  try {
    await gateway.start();
    for (const user of users) await user.start(groups);
    const begunMs = recorder.nowMs;
    for (const step of makeSchedule(seed, options)) {
      await wait(Math.max(0, begunMs + step.atMs - recorder.nowMs));
      const kind = 'how' in step ? `${step.do} ${step.how}` : step.do;
      done[kind] = (done[kind] ?? 0) + 1;
      if ('how' in step) log(`${(recorder.nowMs / 1_000).toFixed(2).padStart(8)}  ${JSON.stringify(step)}`);
      act(actors, step);
    }
    // Faults last as long as they do; none begins.
    await wait(Math.max(...options.lasting));
    await actors.turns;
    for (const { network } of users) network.heal();
    const healedMs = recorder.nowMs;
    const until = (isSo: () => boolean) => atMost(isSo, convergenceMs - (recorder.nowMs - healedMs));
    await until(() => users.every(isSettled));
    for (const user of users) for (const groupId of user.groups) user.publish(groupId, 0);
    await until(() => users.every(isSettled) && areAlike(users));
    const convergedMs = recorder.nowMs - healedMs;
    const finals = users.map(({ final }) => final);
    // What is done from here on only clears away, but for the ends of processes.
    const entries = [...recorder.entries];
    for (const user of users) user.end('left');
    await leavesNothing(gateway, convergenceMs, fault);
    await gateway.drain();
    const seen = recorder.entries.slice(entries.length).filter(({ kind }) => kind === 'found');
    const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
    const report = {
      seed,
      done,
      covered: coverageOf(entries),
      violations: judge([...entries, ...seen], finals),
      gateways: gateway.starts,
      messages: { sent: count('sent'), received: count('received') },
      convergedMs,
    };
    return { report, entries, users: finals };
  } finally {
    for (const user of users) user.end('killed');
    for (const { network } of users) network.close();
    gateway.continue();
    await gateway.kill();
  }
}

function isSettled(user: ChaosUser): boolean {
  const { state, groups } = user.final;
  return state === 'online' && user.pending === 0 && groups.every((group) => group.state === 'live');
}

/** Who is in a group stands where the others in it stand, and sees as many as they are: the checks look closer, and once. */
function areAlike(users: readonly ChaosUser[]): boolean {
  const all = users.flatMap(({ final }) => final.groups);
  return all.every(({ groupId, position, members }) => {
    const same = all.filter((group) => group.groupId === groupId);
    const isThere = ({ connected }: { connected: boolean }) => connected;
    if (members.length !== same.length || !members.every(isThere)) return false;
    return same.every((group) => group.position?.seq === position?.seq && group.position?.epoch === position?.epoch);
  });
}

/** When everybody has gone and every window is over, the gateway has nothing of them any more. */
async function leavesNothing(gateway: GatewayProcess, withinMs: number, fault: (text: string) => void): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const { connections, closing, droppedMembers } = await gateway.stats();
    if (connections === 0 && closing === 0 && droppedMembers === 0) return;
    if (performance.now() > deadline) {
      fault(`everybody has left, and it has ${JSON.stringify({ connections, closing, droppedMembers })}`);
      return;
    }
    await wait(100);
  }
}
