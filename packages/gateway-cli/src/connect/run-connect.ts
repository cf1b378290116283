import type { Io } from '../io.js';
import { endSignals } from '../signals.js';
import { plain } from '../terminal-text.js';
import { runCommand } from './commands.js';
import { dataIn, linesOf } from './lines.js';
import type { ConnectOptions } from './options.js';
import { jsonLine, lineOf } from './show.js';
import { CLOSED, WireClient, type WireListener } from './wire-client.js';
import { WIRE_PARTS } from './wire-parts.js';

/** For how long a closing handshake is waited for. */
const CLOSE_MS = 1_000;
/** Publishes that are unanswered at once. */
const IN_FLIGHT_MAX = 64;

/**
 * Connects, publishes each line and shows what comes, until there are no more lines, a signal, or the gateway says not to come back.
 * @param execute published instead of lines.
 * @param parts that the client is made of.
 * @returns the exit code: 1 where there was no connection, it ended by itself, or a line was not acknowledged.
 */
export async function runConnect(
  options: ConnectOptions,
  io: Io,
  json: boolean,
  execute: readonly string[],
  parts = WIRE_PARTS,
): Promise<number> {
  const note = (text: string) => void io.stderr.write(`${plain(text, 4_000)}\n`);
  let ended: (reason: string) => void = () => {};
  const over = new Promise<string>((resolve) => {
    ended = resolve;
  });
  let failed = false;
  let leaving = false;
  let isFull = false;
  const listener: WireListener = {
    received: (envelope, text) => {
      const line = json ? jsonLine(text) : envelope && lineOf(envelope, client.memberId);
      if (line === undefined || io.stdout.write(`${line}\n`) !== false || io.stdout.once === undefined) return;
      // Who reads slowly is behind, as the gateway sees it, and nothing piles up here: not on the next connection either.
      client.pause();
      if (isFull) return;
      isFull = true;
      io.stdout.once('drain', () => {
        isFull = false;
        client.resume();
      });
    },
    note: (text) => note(`gateway-cli: ${text}`),
    over: (reason) => ended(reason),
  };
  const client = new WireClient(options, listener, parts);
  const leave = () => {
    leaving = true;
    client.close();
    parts.clock.setTimeout(() => client.terminate(), CLOSE_MS);
  };
  const signals = endSignals(io.signals, () => io.exit(1));
  signals.first.then(leave);
  // As `| head -1`: nobody is left to be shown anything.
  io.stdout.once?.('error', leave);
  client.connect();

  const publish = async (text: string) => {
    const error = await client.publish(dataIn(text));
    if (error === undefined || leaving) return;
    failed = true;
    note(`gateway-cli: not published: ${error}`);
  };
  const typed = async () => {
    await client.online;
    const under = new Set<Promise<void>>();
    for await (const line of execute.length > 0 ? execute : linesOf(io.stdin ?? (async function* () {})())) {
      if (line.startsWith('/') && execute.length === 0) {
        const said = runCommand(client, line);
        if (said !== undefined) note(said);
      } else if (line.trim() !== '') {
        const publishing: Promise<void> = publish(line).finally(() => under.delete(publishing));
        under.add(publishing);
        // Lines are read as fast as they are acknowledged, however many there are.
        if (under.size >= IN_FLIGHT_MAX) await Promise.race(under);
      }
    }
    await Promise.all(under);
    // It is the connection that keeps the program from ending, and not what is waited for.
    await new Promise<void>((resolve) => void parts.clock.setTimeout(resolve, options.waitMs));
    leave();
  };
  try {
    typed().catch((error: Error) => {
      if (leaving) return;
      failed = true;
      note(`gateway-cli: ${error.message}`);
      leave();
    });
    const reason = await over;
    const isOwn = reason === CLOSED;
    if (!isOwn) note(`gateway-cli: ${reason}`);
    return failed || !isOwn ? 1 : 0;
  } finally {
    leaving = true;
    // What is still open would keep the program from ending.
    io.stdin?.destroy?.();
    signals.off();
  }
}
