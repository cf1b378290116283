import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createGateway } from 'gateway-core';
import { imbalancesOf } from '../../packages/gateway-core/test/support/books.js';
import { Ledger } from './ledger.js';
import { type Drop, SoakClient } from './soak-client.js';

export interface SoakOptions {
  clients: number;
  groups: number;
  /** In all. */
  messages: number;
  /** In all, spread over the messages. */
  drops: number;
  seed: number;
  timeoutMs: number;
}

export interface SoakReport {
  faults: string[];
  /** Messages seen by clients. */
  seen: number;
  replayed: number;
  resumes: number;
  drops: Record<Drop, number>;
  gaps: number;
  resets: number;
  /** What the gateway still holds once all clients have gone and the window is over. */
  left: { connections: number; closing: number; droppedMembers: number };
  ms: number;
}

const WAYS: readonly Drop[] = ['rst', 'fin', 'silent'];
const GROUPS_EACH = 2;

/** Many clients that send to each other over real sockets while they are dropped at random. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const begun = performance.now();
  const ledger = new Ledger();
  const random = randomFrom(options.seed);
  const server = createServer();
  const gateway = createGateway({
    server,
    authenticate: ({ token }) => ({ principal: String(token) }),
    limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, joinsPerSecondMax: 0, logMessagesMax: 8_192, logBytesMax: 8 << 20 },
    timings: { resumeTtlMs: 15_000 },
  });
  gateway.on('error', ({ error }) => ledger.fault(`the gateway failed: ${error}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${gateway.path}`;
  const each = Math.ceil(options.messages / options.clients);
  const clients = Array.from({ length: options.clients }, (_, n) => {
    const groupIds = Array.from({ length: GROUPS_EACH }, (_, g) => `g${(n + g * 3) % options.groups}`);
    return new SoakClient(url, `c${n}`, groupIds, ledger, each);
  });
  for (const client of clients) client.connect();

  const drops: Record<Drop, number> = { rst: 0, fin: 0, silent: 0 };
  const deadline = begun + options.timeoutMs;
  const isDropped = () => drops.rst + drops.fin + drops.silent >= options.drops;
  const isDue = () => ledger.size * options.drops >= (drops.rst + drops.fin + drops.silent) * options.messages;
  while (!isDropped() && performance.now() < deadline) {
    await wait(random() * 4);
    if (!isDue()) continue;
    const client = clients[Math.floor(random() * clients.length)] as SoakClient;
    if (!client.isIn) continue;
    const how = WAYS[Math.floor(random() * WAYS.length)] as Drop;
    drops[how] += 1;
    client.drop(how, random() * 300);
  }
  const heads = () => new Map(gateway.groups().map(({ groupId, position }) => [groupId, position.seq]));
  const isQuiet = () =>
    clients.every(
      (client) =>
        client.isIn &&
        client.isDone &&
        [...client.accounts].every(([groupId, { whole, seq }]) => whole && seq === heads().get(groupId)),
    );
  while (performance.now() < deadline && !(clients.every(({ isDone }) => isDone) && isQuiet())) await wait(20);
  judge(clients, each, ledger);
  for (const entry of imbalancesOf(gateway)) ledger.fault(`the books do not balance: ${entry}`);
  for (const client of clients) client.leave();
  while (performance.now() < deadline && gateway.stats().connections + gateway.stats().closing > 0) await wait(20);
  const { connections, closing, droppedMembers } = gateway.stats();
  const accounts = clients.flatMap((client) => [...client.accounts.values()]);
  const sum = (of: 'seen' | 'replayed' | 'gaps' | 'resets') => accounts.reduce((total, account) => total + account[of], 0);
  await gateway.close();
  server.close();
  return {
    faults: ledger.faults,
    seen: sum('seen'),
    replayed: sum('replayed'),
    resumes: clients.reduce((total, { resumed }) => total + resumed.filter(Boolean).length, 0),
    drops,
    gaps: sum('gaps'),
    resets: sum('resets'),
    left: { connections, closing, droppedMembers },
    ms: Math.round(performance.now() - begun),
  };
}

/** By what was sent and seen: everything that was sent is in one place, and who was never told of a loss is at the end of each log. */
function judge(clients: readonly SoakClient[], each: number, ledger: Ledger): void {
  const ends = new Map<string, number>();
  for (const { accounts } of clients)
    for (const [groupId, { seq }] of accounts) ends.set(groupId, Math.max(seq, ends.get(groupId) ?? 0));
  for (const { name, accounts, isDone, isIn } of clients) {
    if (!isDone || !isIn) ledger.fault(`${name} has not got through`);
    for (const [groupId, { seq, whole }] of accounts)
      if (!whole || seq !== ends.get(groupId)) ledger.fault(`${name} is at ${seq} of ${groupId}, others at ${ends.get(groupId)}`);
    for (let n = 1; n <= each; n += 1) if (!ledger.has(`${name}#${n}`)) ledger.fault(`nobody has ${name}#${n}`);
  }
}

/** Mulberry32: the same drops for the same seed, as far as the machine's time allows. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
