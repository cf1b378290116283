import { cells, headings, versionList } from './cells.js';
import { type CaseReport, type Report, spreadOf } from './report.js';

const row = (values: readonly string[]) => `| ${values.join(' | ')} |`;

function section(report: CaseReport): string {
  const head = headings(report);
  const rule = head.map((_heading, i) => (i === 0 ? '---' : '--:'));
  const rows = report.servers.map((server) => cells(report, server));
  const when = `\`${report.id}\`, ${report.date.slice(0, 10)}, ${report.repeats} ${report.repeats === 1 ? 'run' : 'runs'} of each`;
  return [`### ${report.title}`, '', when, '', ...[head, rule, ...rows].map(row)].join('\n');
}

/** How busy others have kept the machine, where that was looked at. */
function othersOf({ cases }: Report): string {
  const used = cases.flatMap(({ servers }) => servers.flatMap(({ metrics }) => metrics.othersBusy?.values ?? []));
  if (used.length === 0) return '';
  const { median, max } = spreadOf(used);
  return `- Other programs have used ${median.toFixed(1)} of its cores meanwhile at the median, ${max.toFixed(1)} at most\n`;
}

/** The report as a page of the documentation. */
export function markdown(report: Report): string {
  return `# Benchmarks

Written by \`pnpm bench --write-docs\`, the last time as \`${report.command}\` on ${report.date.slice(0, 10)}; do not edit. Absolute numbers belong to that machine. What carries over
to others is the ratio *gateway ÷ this*: the gateway's cost divided by the peer's, below 1 where the gateway is cheaper.

- Machine: ${report.machine}
- Versions: ${versionList(report)}
- Servers interleaved; medians, with the least and the greatest of the first number. *–*: not measured yet
${othersOf(report)}

![Costs of the gateway beside its peers](benchmarks.svg)

## Results

${report.cases.map(section).join('\n\n')}

## How it is measured

Every server runs in a process of its own, fresh for each run and pinned to one core; the load generator is pinned to another. The peers:
\`gateway-bun\` is the same gateway, run by Bun, \`bun\` Bun's own publish, \`ws-once\` a plain \`ws\` server that encodes each message once and sends the bytes to each receiver,
\`ws-naive\` one that sends the string, \`socketio\` Socket.IO with rooms, on the websocket transport, else with its defaults. The gateway
runs with everything on (validation, \`seq\`, presence, sessions, accounting); only its rate limits are set out of reach of the one publisher.

- **Server CPU** is what the kernel's scheduler has counted for all of the server's threads (\`/proc/<pid>/task/*/schedstat\`), system calls
  included, divided by the deliveries in the same window. A window begins and ends with nothing in flight.
- **Load** is a closed loop: a message counts as in flight until every member of its group has it, and each that lands is replaced at once. One
  member of each group publishes and, as all others, receives. Sizes are those of the application's data, the same for every server;
  envelopes and framing come on top, as each protocol has them.
- **The generator** speaks raw TCP. It walks frame headers and does not parse payloads; each message carries a number at a place that is found by its mark, and a mark at
  its end. Every receiver must get every number once and in order; the first that is lost, repeated, out of order or cut fails the run.
- **Latency** is from the publish to the read that brought the message's last byte, recorded for every delivery. Under a closed loop at full rate it says how
  long the queue is, not how fast a lone message is: that is the case with one publish at a time. Where *generator busy* is near 100 %, the generator sets
  the pace, and deliveries per second and latency say as much of it as of the server. Server CPU does not depend on that.
- **An open loop** (\`open…\`, \`cold2k\`): messages leave when they are due, whether the server has kept up or not, and one that could not leave counts from
  when it was due. First at a rate that is the same for all servers, then at half of what this one has taken in a closed loop. \`…-returns\`: so many drop and come back meanwhile, and
  what joins and presence cost is in it.
- **Compression**: every client offers \`permessage-deflate\` without context takeover at either end, as \`ws\` recommends; the data are records, no single letter. *Bytes* are what comes over
  the socket, headers included.
- **CPU of idle connections** is counted over 30 s. The clients send the heartbeats that a server asks for (the gateway: every 10 s), and answer its pings; then the same
  clients say nothing, and answer pings. Plain \`ws\` asks for nothing and pings nobody, so it costs nothing, and does not notice who is gone.
- **The longest block** is how long the server's event loop was held at most, by its own CPU time: what other processes took of the core does not count.
- **Memory** is the growth of the process's anonymous resident memory (\`RssAnon\`) from 1,000 to 11,000 connections, after garbage collection,
  divided by 10,000. The kernel's socket buffers are not in it. Then all 10,000 drop, and it is looked at again: in dialect 2 after \`resumeTtlMs\`.
- **An acknowledged echo** has an \`id\`, is answered by an \`ack\`, and its \`id\` is kept as an idempotency key. The same connections send
  the echo with and without one in turns, three times each, in one run of the server; every \`ack\` must come.
- **Reconnect** measures the second time that all connections come: the server has run a while. At most 256 handshakes are under way at once. Over
  TLS the server ends it itself, with a key of P-256; *resuming*, all clients offer the session of one that came before.
  **Resume** is the same in dialect 2: each comes back with its token and its place in its group's log, and must be the member that it was. Its row \`ws-naive\` is a plain reconnect.
- **Replay**: members that are identified join a group whose log has 1,000 messages, from its beginning, all at once. Each must get every
  message once and in order. What the joins themselves cost is in it.
- **Jitter**: the clients are cut at their end of the connection, at times spread over the 15 s, and come back after 2 s, while one who stays
  broadcasts. The delay of a return counts from the moment when the client begins to connect, so handshake and \`identify\` are in it, to the
  last message that was broadcast before that moment. Both servers are judged by the same checker, over all connections of a client:
  *missing* are messages that never came, *doubled* those that came twice, *out of order* those that came after a later one. Socket.IO has
  its connection state recovery on, with its defaults (two minutes, for which the gateway keeps its members there too); its clients come back with the \`pid\` and the offset that its protocol has for it.
- **Jitter with the products' own clients**: \`gateway-client\` on \`ws\`, and \`socket.io-client\` with connection state recovery at the server, both with
  their defaults. Each has a network of its own, a TCP relay in the generator's process which is cut and stays away, and comes back by itself
  when its backoff says so: the delay counts from when the network is there again, and so says mostly how long the client waits. What a client that is
  back has not got for 2 s is *missing*.
- **The presence storm** counts what all members receive together. Socket.IO has no presence; its server announces each join and leave to the room, as
  is usually done, which is quadratic and so measured at 1,000 members only.
- **Slow consumers**: 900 members get the same load twice, alone and then beside 100 who have joined and read nothing; *healthy p50* and *p99* are
  the second measurement divided by the first. The healthy ones must get everything. Before each, 4.5 MiB are published: before the second
  they fill the kernel's buffers for the slow ones. *Process growth* is the server's greatest \`RssAnon\` in all this, less what it had when they stopped reading:
  what it keeps for them. Afterwards they read again: those who get everything were *served*, those who learn that they lost something were
  *told*, by message or by close; the others lost it *silently*. A small growth with silent losses is no achievement, nor is a great one without any.
- **Several nodes**: two servers over one Redis 7, beside Socket.IO with \`@socket.io/redis-streams-adapter\` (\`sio-streams\`) and with
  \`@socket.io/redis-adapter\` (\`sio-pubsub\`, which keeps no log). On a machine of two cores Redis and both servers share one, so no core is Redis' alone: its CPU for
  each message is counted, and *messages/s for a whole core* are its inverse. *Deliveries of 2 ÷ of 1* is twice the CPU of one server without
  Redis for each delivery, divided by that of the two. Latencies are at half of the rate that was reached, of two and then of one alone.
- **A connection that comes back**: the broker alone. One message is published in each group while it is away; the time counts from when Redis can be reached.
- **A killed node**: SIGKILL; all its clients come to the other one at once. As in **Resume**, at most 256 handshakes are under way.
`;
}
