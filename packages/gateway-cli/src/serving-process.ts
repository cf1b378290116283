import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { endianness } from 'node:os';
import { resolve } from 'node:path';

/** Where a process accepts TCP connections. */
export interface Listener {
  /** An IPv4 or IPv6 address; `0.0.0.0` and `::` are every one. */
  address: string;
  port: number;
}

/** The state `TCP_LISTEN` in `/proc/net/tcp` (proc(5)). */
const LISTEN = '0A';

/**
 * The processes that run `SCRIPT serve` on this machine, or in this container, each with the sockets that it listens on (none while it
 * starts). Asks `/proc`: that is what is in force, wherever port and host came from; there is no file that could be stale or could not be
 * written. Processes of other users and of other network namespaces (containers, seen from their host) are not among them.
 * @param script the program's own file.
 * @returns an empty list also where there is no `/proc`, that is anywhere but on Linux.
 */
export function servingProcesses(script: string): Listener[][] {
  try {
    const [file, network] = [realpathSync(script), readlinkSync('/proc/self/ns/net')];
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => listenersOf(`/proc/${pid}`, file, network) ?? []);
  } catch {
    return [];
  }
}

/** In a list of its own; `undefined` for a process that is another one, somebody else's, or over by now. */
function listenersOf(folder: string, script: string, network: string): [Listener[]] | undefined {
  try {
    if (!serves(folder, script) || readlinkSync(`${folder}/ns/net`) !== network) return undefined;
    const open = new Set(readdirSync(`${folder}/fd`).flatMap((fd) => linkOf(`${folder}/fd/${fd}`) ?? []));
    const isOpen = (inode: string) => open.has(`socket:[${inode}]`);
    return [['tcp', 'tcp6'].flatMap((table) => listening(`${folder}/net/${table}`, isOpen))];
  } catch {
    return undefined;
  }
}

function serves(folder: string, script: string): boolean {
  const words = readFileSync(`${folder}/cmdline`, 'utf8').split('\0');
  const command = words.indexOf('serve');
  // The command follows the script, whatever flags of Node stand before; a relative path counts from the folder that it was started in.
  return command > 1 && realpathSync(resolve(readlinkSync(`${folder}/cwd`), words[command - 1] as string)) === script;
}

/** Descriptors come and go while they are looked at. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Reads a table of TCP sockets: `sl local_address rem_address st … … … … … inode`. */
function listening(table: string, isOpen: (inode: string) => boolean): Listener[] {
  const rows = readTable(table).map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, , , state, , , , , , inode = '']) => state === LISTEN && isOpen(inode))
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':');
      return { address: addressIn(address), port: Number.parseInt(port, 16) };
    });
}

/** Without IPv6 in the kernel there is no `tcp6`. */
function readTable(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

/** `0100007F` is 127.0.0.1 where words of 32 bits begin with their lowest byte. */
function addressIn(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:');
  // URL writes IPv6 addresses in their short form (RFC 5952).
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}
