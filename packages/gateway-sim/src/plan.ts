import type { ClockFault } from './process.js';

/** Every kind of fault that a plan may have. */
export const FAULTS = {
  cut: 'connections get a reset (TCP RST), and both ends learn of it',
  vanish: 'connections become half-open: nothing moves any more, and neither end is told',
  lose: 'the client learns that its connection is gone, the gateway does not',
  stall: 'connections stand still for a while, then everything arrives',
  slow: 'a client does not read for a while, and buffers fill up',
  freeze: 'a client stands still (a laptop that sleeps), with its timers and all',
  reload: 'a client is closed or killed, and begins anew with nothing',
  refuse: 'the network refuses new connections for a while, or lets them hang',
  pause: 'a gateway stands still (SIGSTOP) for a while, maybe for so long that it is taken for dead',
  kill: 'a gateway dies with all that it has in memory, and is started again',
  deploy: 'a gateway drains and is started again',
  clocks: 'wall clocks jump, and clocks go too fast or too slow',
  hooks: 'authenticate and authorize are slow, fail, say no, or never answer',
  tokens: 'credentials expire, and the token function is slow or fails',
  stores: 'presence, members and sessions are slow, fail, answer late or never',
  broker: 'the broker is slow, fails, answers late or never',
  logs: 'the broker loses the end of its logs, or all of them',
  thefts: 'somebody resumes with the token of a client that is connected, or two do at once',
  floods: 'somebody sends more than may be sent',
  hostile: 'somebody sends what no client sends',
  revoke: 'the host revokes a member',
  bursts: 'many messages at once, more than logs and buffers hold',
  answers: 'one answer of a hook, a store or the broker is lost, its call done or not',
  overtaking: 'calls of the stores overtake each other, some after their gateway has given up',
  overruns: 'a client does not read while more comes into a small log than that holds',
  idlers: 'somebody connects, and never says who they are',
  impostors: 'somebody of another name resumes with the token of a client',
} as const;

/** The name of a kind of fault. */
export type Fault = keyof typeof FAULTS;

/** What is asked: a hook, or a part that a gateway shares with others. */
export type Asked = 'authenticate' | 'authorize' | 'token' | 'broker' | 'presence' | 'members' | 'sessions';
/**
 * How something answers: `slow`; `fail`, without having done it; `late`, done at once but told after the time that is waited for; `lost`, done
 * or not, and never told; `lost once`, one call alone, after as many others as `skips` says; `overtaking`, each done after a time of its own
 * (stores alone); `refuse`, with a no (hooks alone).
 */
export type Manner = 'slow' | 'fail' | 'late' | 'lost' | 'lost once' | 'overtaking' | 'refuse';

/** A fault of what the gateways share, where that is neither in memory nor made by the simulation. `what` and `how` are that backend's own words. */
export type BackendAct = { do: 'backend'; what: string; how: string; gateway: number; count: number; forMs: number };

/** One thing that a plan lets happen. `user` and `gateway` count from 0. */
export type Act =
  | { do: 'start'; user: number }
  | { do: 'join'; user: number; group: number; tail?: number | undefined }
  | { do: 'leave'; user: number; group: number }
  | {
      do: 'publish';
      user: number;
      group: number;
      count: number;
      bytes: number;
      key?: number | undefined;
      resend: boolean;
      session: boolean;
    }
  | { do: 'send'; user: number; group: number; key?: number | undefined }
  | { do: 'state'; user: number; group: number; value: number | null }
  | { do: 'close'; user: number }
  | { do: 'reconnect'; user: number }
  | { do: 'refresh'; user: number }
  | { do: 'host publish'; gateway: number; group: number }
  | { do: 'cut' | 'vanish' | 'lose'; user: number }
  | { do: 'stall' | 'slow' | 'freeze'; user: number; forMs: number }
  | { do: 'reload'; user: number; how: 'closed' | 'killed' | 'gone'; backMs: number }
  | { do: 'overrun'; user: number; count: number; bytes: number; forMs: number }
  | { do: 'refuse'; user: number; how: 'refuse' | 'hang'; forMs: number }
  | { do: 'pause'; gateway: number; forMs: number }
  | { do: 'kill'; gateway: number; how: 'reset' | 'silent'; backMs: number }
  | { do: 'deploy'; gateway: number; graceMs: number; backMs: number }
  | { do: 'jump'; of: 'user' | 'gateway'; index: number; ms: number }
  | { do: 'ask'; what: Asked; manner: Manner; forMs: number; gateway: number; skips?: number | undefined }
  | { do: 'lose logs'; keeps: number }
  | { do: 'steal'; user: number; twice: boolean }
  | { do: 'idle' }
  | { do: 'impostor'; user: number }
  | { do: 'flood'; count: number }
  | { do: 'hostile'; text: string }
  | { do: 'revoke'; user: number }
  | BackendAct;

/** An act and its moment. */
export type Action = Act & {
  /** Virtual milliseconds since the start. */
  atMs: number;
};

/** Everything about a run that is decided before it begins. JSON: a plan can be kept in a file, and made smaller. */
export interface Plan {
  /** Latencies, waiting times and ids are drawn from it. */
  seed: string;
  /** The kinds of faults that the actions were made of. */
  faults: Fault[];
  /** How many gateways there are. */
  gateways: number;
  users: number;
  groups: number;
  /** Broker and stores are beyond a network, shared by all gateways; else each gateway makes its own. */
  shared: boolean;
  /** The host names the user behind a token. */
  principals: boolean;
  /** Hooks answer after a time, and not in the call. */
  asyncHooks: boolean;
  /** How long credentials last, in milliseconds. 0: for ever. */
  credentialsMs: number;
  timings: Record<string, number>;
  limits: Record<string, number>;
  network: { leastMs: number; mostMs: number; bytesPerSecond: number; bufferBytes: number };
  /** Of the users, then of the gateways. */
  clocks: ClockFault[];
  /** When everything has been done and every fault is over, in virtual milliseconds. */
  actsMs: number;
  actions: Action[];
}
