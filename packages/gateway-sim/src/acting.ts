import type { Act } from './plan.js';
import type { SimUser } from './user.js';
import type { World } from './world.js';

/** Makes an act of a plan happen. */
export function act(world: World, act: Act): void {
  world.note({ kind: 'act', act });
  const { schedule, weather } = world;
  const userOf = ({ user }: { user: number }) => world.users[user] as SimUser;
  const gatewayOf = ({ gateway }: { gateway: number }) => world.gateways[gateway] as (typeof world.gateways)[number];
  /** What a user does, it does while it is awake. */
  const awake = (of: { user: number }, does: (user: SimUser) => void) => {
    const user = userOf(of);
    user.process.run(() => does(user));
  };

  /** It does not read what comes on the connections that it has. */
  const hold = (user: SimUser, forMs: number) => {
    const { connections } = user;
    for (const { link } of connections) link.holdClient();
    schedule.after(forMs, () => {
      if (!user.process.isPaused) for (const { link } of connections) link.releaseClient();
    });
  };

  switch (act.do) {
    case 'start':
      awake(act, (user) => user.start());
      return;
    case 'join':
      awake(act, (user) => user.join(groupId(act.group), act.tail));
      return;
    case 'leave':
      awake(act, (user) => user.leave(groupId(act.group)));
      return;
    case 'publish':
      awake(act, (user) => {
        for (let count = 0; count < act.count; count += 1) {
          user.publish(groupId(act.group), act.bytes, {
            delivery: act.key === undefined ? 'reliable' : 'latest',
            key: act.key === undefined ? undefined : `k${act.key}`,
            whenUnknown: act.resend ? 'resend' : 'reject',
            sessionId: act.session ? 'call' : undefined,
            meta: act.session ? { label: 'call' } : undefined,
          });
        }
      });
      return;
    case 'send':
      awake(act, (user) => user.send(groupId(act.group), act.key === undefined ? undefined : `v${act.key}`));
      return;
    case 'state':
      awake(act, (user) => user.say(groupId(act.group), act.value ?? undefined));
      return;
    case 'close':
      awake(act, (user) => user.close());
      return;
    case 'reconnect':
      awake(act, (user) => user.reconnect());
      return;
    case 'refresh':
      awake(act, (user) => user.refresh());
      return;
    case 'host publish':
      gatewayOf(act)
        .gateway?.publish(groupId(act.group), { by: 'host' })
        .catch(() => {});
      return;
    case 'cut':
      for (const { link } of userOf(act).connections) link.reset();
      return;
    case 'vanish':
      for (const { link } of userOf(act).connections) link.stall();
      return;
    case 'lose':
      for (const { link, socket } of userOf(act).connections) {
        link.stall();
        socket.cut();
      }
      return;
    case 'stall': {
      const { connections } = userOf(act);
      for (const { link } of connections) link.stall();
      schedule.after(act.forMs, () => {
        for (const { link, isOver } of connections) if (!isOver()) link.restore();
      });
      return;
    }
    case 'slow':
      hold(userOf(act), act.forMs);
      return;
    case 'overrun': {
      const [group] = userOf(act).final.groups;
      hold(userOf(act), act.forMs);
      if (group === undefined) return;
      const from = world.gateways.find(({ gateway, process }) => gateway !== undefined && !process.isPaused);
      const data = { by: 'host', filling: 'x'.repeat(act.bytes) };
      for (let count = 0; count < act.count; count += 1) from?.gateway?.publish(group.groupId, data).catch(() => {});
      return;
    }
    case 'freeze': {
      const user = userOf(act);
      user.pause();
      schedule.after(act.forMs, () => user.resume());
      return;
    }
    case 'reload': {
      const user = userOf(act);
      const { expected } = user;
      const groups = user.final.groups.map(({ groupId }) => groupId);
      user.end(act.how);
      if (!expected) return;
      schedule.after(act.backMs, () => {
        user.start();
        for (const group of groups) user.join(group);
      });
      return;
    }
    case 'refuse': {
      const user = userOf(act);
      user.handshake = act.how;
      schedule.after(act.forMs, () => {
        user.handshake = 'connect';
      });
      return;
    }
    case 'pause': {
      const gateway = gatewayOf(act);
      gateway.pause();
      schedule.after(act.forMs, () => gateway.resume());
      return;
    }
    case 'kill': {
      const gateway = gatewayOf(act);
      gateway.kill(act.how);
      schedule.after(act.backMs, () => gateway.start());
      return;
    }
    case 'deploy': {
      const gateway = gatewayOf(act);
      gateway.process.run(() => {
        void gateway.deploy(act.graceMs).then(() => schedule.after(act.backMs, () => gateway.start()));
      });
      return;
    }
    case 'jump': {
      const { process } = act.of === 'user' ? userOf({ user: act.index }) : gatewayOf({ gateway: act.index });
      process.jump(act.ms);
      return;
    }
    case 'ask':
      schedule.after(act.forMs, weather.begin(act.what, act.gateway, act.manner, act.skips));
      return;
    case 'lose logs':
      world.shared?.broker.lose(act.keeps);
      return;
    case 'backend':
      world.backend?.act(act);
      return;
    case 'steal':
      steal(world, userOf(act), act.twice);
      return;
    case 'idle':
      world.intruder.idle();
      return;
    case 'impostor': {
      const { resumeToken } = userOf(act);
      if (resumeToken !== undefined && world.plan.principals) world.intruder.resume(resumeToken, 'mallory:0');
      return;
    }
    case 'flood':
      world.intruder.flood(act.count, groupId(0));
      return;
    case 'hostile':
      world.intruder.say(act.text);
      return;
    case 'revoke': {
      const { client } = userOf(act);
      const memberId = client?.memberId;
      if (memberId === undefined) return;
      let count = 0;
      for (const { gateway } of world.gateways) count += gateway?.revoke({ memberId }) ?? 0;
      world.note({ kind: 'revoked', memberId, count });
    }
  }
}

/** The id of the group that a plan counts so. */
export function groupId(index: number): string {
  return `g${index}`;
}

/** Somebody takes the newest token of a user's, and resumes with it; twice: at the same time. */
function steal(world: World, user: SimUser, twice: boolean): void {
  const token = user.resumeToken;
  if (token === undefined) return;
  for (let thief = 0; thief < (twice ? 2 : 1); thief += 1) world.intruder.resume(token, `${user.name}:stolen`);
}
