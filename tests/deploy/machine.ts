import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const SUITE = 'trixie';
/** Of slirp4netns: the machine's own address, the address by which it reaches the loopback of this one, and its name server. */
const [GUEST, HOST, NAMES] = ['10.0.2.100', '10.0.2.2', '10.0.2.3'];

/** What tells a process of a test that it is to end: the first, that who started it has ended. */
const BROKEN_OFF = ['disconnect', 'SIGINT', 'SIGTERM'];

/** Why there can be no machine here. Undefined where there can; brings what is missing from Debian. */
export function unable(): string | undefined {
  if (process.getuid?.() !== 0) return 'it makes a machine with namespaces and debootstrap, which needs root';
  const missing = () =>
    ['debootstrap', 'slirp4netns', 'openssl'].filter((name) => !['bin', 'sbin'].some((at) => existsSync(`/usr/${at}/${name}`)));
  if (missing().length > 0) {
    const apt = (...args: string[]) =>
      execFileSync('apt-get', ['-qq', ...args], { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    try {
      apt('update');
      apt('install', '--yes', '--no-install-recommends', ...missing());
    } catch {
      return `there is no ${missing().join(', ')}, and it cannot be installed`;
    }
  }
  if (cgroups() === undefined) return 'there are no control groups of version 2, which systemd needs';
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun, by which the machine reaches its packages';
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--cgroup', '--fork', '--kill-child', 'true'], { stdio: 'ignore' });
  } catch {
    return 'namespaces cannot be made here';
  }
  return undefined;
}

/** Where control groups of version 2 are mounted. */
const cgroups = () => /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];

/** The Debian mirror that this machine has, where it is a Debian. */
function mirror(): string[] {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])];
  const lines = files
    .filter((file) => existsSync(file) && /\.(list|sources)$/.test(file))
    .map((file) => readFileSync(file, 'utf8').replace(/^#.*$/gm, ''));
  return /https?:\/\/[^\s]+\/debian\/?(?=\s)/.exec(lines.join('\n'))?.slice(0, 1) ?? [];
}

export interface Outcome {
  code: number;
  /** What it printed on both streams. */
  output: string;
}

/** A fresh Debian with its own systemd, processes, network and control groups. */
export class Machine {
  /** Its root, as a folder of this machine. */
  readonly root: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-deploy-'));
  readonly #cgroup = join(cgroups() as string, `gateway-deploy-${process.pid}`);
  readonly #processes: ChildProcess[] = [];
  /** What every command of it has in its environment. */
  readonly environment: Record<string, string> = {
    HOME: '/root',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  #init = 0;

  /** Where the run is broken off, nothing of it stays either. */
  readonly #leave = () => void this.stop().finally(() => process.exit(1));

  constructor() {
    this.root = join(this.#folder, 'root');
    for (const event of BROKEN_OFF) process.once(event, this.#leave);
  }

  /** Installs Debian, and starts it. */
  async start(): Promise<void> {
    // Beside Debian's important packages the one without which `systemctl` is told of nothing.
    // In namespaces too, so that what it starts and mounts goes with it.
    const debootstrap = ['debootstrap', '--include=dbus', SUITE, this.root, ...mirror()];
    await this.#ended(this.#spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...debootstrap]), 'debootstrap');
    this.write('/etc/hostname', 'vps\n');
    // Nobody needs these packages after a loss of power.
    this.write('/etc/dpkg/dpkg.cfg.d/unsafe-io', 'force-unsafe-io\n');
    this.write('/etc/resolv.conf', `nameserver ${NAMES}\n`);
    mkdirSync(this.#cgroup);
    await this.#boot();
  }

  /** Shuts it down as its owner would, and starts it again. Forwarded ports are gone. */
  async restart(): Promise<void> {
    const [unshare, network] = this.#processes.slice(-2) as [ChildProcess, ChildProcess];
    const ended = once(unshare, 'exit');
    await this.run('systemctl poweroff');
    await ended;
    network.kill('SIGKILL');
    await this.#boot();
  }

  async #boot(): Promise<void> {
    const boot = fileURLToPath(new URL('./boot.sh', import.meta.url));
    const namespaces = ['--mount', '--net', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'];
    // In a control group of its own first, which is the root of what it sees.
    const script = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"';
    const unshare = this.#spawn('sh', ['-c', script, 'sh', this.#cgroup, 'unshare', ...namespaces, 'bash', boot, this.root]);
    const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
    await until(30, 'first process', () => {
      this.#init = Number(readFileSync(children, 'utf8'));
      return this.#init > 0;
    });
    await until(60, 'systemd', async () => /^(running|degraded)/.test((await this.run('systemctl is-system-running')).output));
    rmSync(join(this.#folder, 'slirp'), { force: true });
    this.#spawn('slirp4netns', ['--configure', '--mtu=65520', `--api-socket=${this.#folder}/slirp`, String(this.#init), 'tap0']);
    await until(30, 'network', async () => (await this.run('ip address')).output.includes(GUEST));
  }

  /** Puts a file into it. */
  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  append(path: string, content: string): void {
    appendFileSync(join(this.root, path), content);
  }

  /** Runs a script of bash in it to its end, whatever that is. */
  async run(script: string): Promise<Outcome> {
    const variables = Object.entries(this.environment).map(([name, value]) => `${name}=${value}`);
    const bash = ['env', '-i', ...variables, 'bash', '-euo', 'pipefail', '-c', `exec 2>&1; cd; ${script}`];
    const child = spawn('nsenter', ['--all', '--target', String(this.#init), ...bash], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code: code ?? 1, output: output.trim() };
  }

  /** The same. @throws with what it printed where it does not end with 0. @returns what it printed. */
  async must(script: string): Promise<string> {
    const { code, output } = await this.run(script);
    if (code !== 0) throw new Error(`${script}\nended with ${code}\n${output.split('\n').slice(-40).join('\n')}`);
    return output;
  }

  /** The address under which it finds a server that listens on the loopback here. */
  outside(port: number): string {
    return `http://${HOST}:${port}`;
  }

  /** A port of the loopback here that leads to a port of the machine, as from outside: through its network device and its firewall. */
  async forward(guestPort: number): Promise<number> {
    const held = createServer().listen(0, '127.0.0.1');
    await once(held, 'listening');
    const { port } = held.address() as { port: number };
    await once(held.close(), 'close');
    const socket = connect(join(this.#folder, 'slirp'));
    const arguments_ = { proto: 'tcp', host_addr: '127.0.0.1', host_port: port, guest_addr: GUEST, guest_port: guestPort };
    socket.end(JSON.stringify({ execute: 'add_hostfwd', arguments: arguments_ }));
    const answer = await text(socket);
    if (answer.includes('error')) throw new Error(answer);
    return port;
  }

  /** Its systemd does nothing for a while, as on a machine that is overloaded. */
  async hold(seconds: number): Promise<void> {
    process.kill(this.#init, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    process.kill(this.#init, 'SIGCONT');
  }

  /** Ends all that runs in it, and takes it away. Its mounts go with its processes. */
  async stop(): Promise<void> {
    for (const event of BROKEN_OFF) process.off(event, this.#leave);
    for (const child of this.#processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await until(30, 'end of its processes', () => removeGroups(this.#cgroup));
    // Not rmSync, which takes minutes for a whole system.
    await once(spawn('rm', ['-rf', this.#folder]), 'exit');
  }

  /** Ends with this process, also where this one is killed. */
  #spawn(command: string, args: string[]): ChildProcess {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#processes.push(child);
    child.stdout.resume();
    child.stderr.resume();
    return child;
  }

  async #ended(child: ChildProcess, name: string): Promise<void> {
    const said: string[] = [];
    child.stdout?.on('data', (chunk) => said.push(String(chunk)));
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${name} ended with ${code}\n${said.join('').split('\n').slice(-20).join('\n')}`);
  }
}

/** Whether the groups of a tree are gone; those that still have processes are not. */
function removeGroups(folder: string): boolean {
  if (!existsSync(folder)) return true;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(join(folder, entry.name));
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a question is answered with true, and asks four times a second. @throws where that takes longer than `seconds`. */
export async function until(seconds: number, what: string, question: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await question())) {
    if (performance.now() > end) throw new Error(`no ${what} within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
