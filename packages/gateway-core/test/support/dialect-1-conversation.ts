import { createGateway } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';

/**
 * A conversation of three clients of dialect 1 with a gateway, in virtual time, with everything that the base contract has.
 * @returns one line for each message: who, which way, and its text; and for each close.
 */
export async function converse(): Promise<string[]> {
  const clock = new FakeClock();
  let ids = 0;
  const gateway = createGateway({
    clock,
    generateId: () => `id-${++ids}`,
    authenticate: ({ token }) => token !== 'bad',
    authorize: ({ groupId, action }) => groupId !== 'closed' && !(groupId === 'read-only' && action === 'publish'),
    limits: { errorsBurst: 50, logMessagesMax: 64, sessionsPerGroupMax: 1 },
  });
  const lines: string[] = [];
  const clients = new Map<string, { client: MemoryClient; read: number; closed: boolean }>();
  const connect = (name: string) => clients.set(name, { client: connectClient(gateway), read: 0, closed: false });
  const settle = async () => {
    await clock.settle();
    for (const [name, one] of clients) {
      for (; one.read < one.client.texts.length; one.read += 1) lines.push(`${name} < ${one.client.texts[one.read]}`);
      if (one.client.closed === undefined || one.closed) continue;
      one.closed = true;
      lines.push(`${name} x ${one.client.closed.code} ${one.client.closed.reason}`.trimEnd());
    }
  };
  const advance = async (ms: number) => {
    await clock.advance(ms);
    lines.push(`+ ${ms} ms`);
    await settle();
  };
  const say = async (name: string, message: object | string) => {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    lines.push(`${name} > ${text}`);
    clients.get(name)?.client.sendText(text);
    await settle();
  };
  const identify = (payload: object, envelope: object = {}) => ({ type: 'identify', ...envelope, payload });
  const update = (data: unknown, envelope: object = {}) => ({ type: 'data_update', ...envelope, payload: { data } });

  for (const name of ['ada', 'bob', 'eve']) connect(name);
  await settle();
  await say('ada', update('too early'));
  await say(
    'ada',
    identify({ clientType: 'app-client', groupId: 'group-1', metadata: { platform: 'ios', appVersion: '1.4.0' } }),
  );
  await say('bob', identify({ clientType: 'dashboard' }, { groupId: 'group-1', traceId: 't-1', version: '1' }));
  await advance(200);
  await say('ada', update({ x: 12, y: 88 }, { groupId: 'group-1', id: 'm-17', delivery: 'latest', key: 'cursor:ada', ts: 1 }));
  await say(
    'bob',
    '{"type":"data_update","traceId":"t-2","forged":1,"seq":9,"from":"me","payload":{"data":1.0,"data":[9007199254740993,"\\u00fc"]}}',
  );
  await say('bob', update(null, { delivery: 'volatile' }));
  await say('ada', {
    type: 'data_update',
    sessionId: 'call-7',
    payload: { data: 0, meta: { label: 'Design', createdBy: 'ada', tags: ['video'] } },
  });
  await say('bob', { type: 'data_update', sessionId: 'call-8', id: 'm-18', payload: { data: 0, meta: {} } });
  await say('ada', { type: 'heartbeat', ts: 5, sessionId: 'call-7' });
  await say('ada', { type: 'heartbeat', id: '1' });
  lines.push('server publishes');
  await gateway.publish('group-1', { price: 12 }, { id: 's-1', traceId: 't-3' });
  await settle();
  await say('ada', '{nope');
  await say('ada', '[1]');
  await say('ada', { type: 'shout' });
  await say('ada', { type: 'join', id: 'j', payload: { groupId: 'group-2' } });
  await say('ada', { type: 'leave', payload: { groupId: 'group-1' } });
  await say('ada', update(1, { groupId: 'group-9', id: 'm-19' }));
  await say('ada', update(1, { delivery: 'latest' }));
  await say('ada', { type: 'data_update', groupId: 7, payload: { data: 1 } });
  await say('ada', identify({ clientType: 'nobody' }, { id: 'i-1' }));
  await say('ada', identify({ clientType: 'app-client', groupId: 'closed' }, { id: 'i-2' }));
  await say('ada', identify({ clientType: 'service-node', groupId: 'read-only' }));
  await say('ada', update('not here'));
  await advance(200);
  await say('ada', identify({ clientType: 'app-client', groupId: 'group-1' }));
  await advance(200);
  await say('eve', identify({ clientType: 'app-client', token: 'bad' }));
  clients.get('bob')?.client.cut();
  await advance(300);
  await say('ada', update('bob may come back'));
  await advance(15_000);
  connect('dan');
  await settle();
  await say('dan', identify({ clientType: 'app-client', groupId: 'group-1' }));
  clients.get('dan')?.client.close(1001);
  await advance(400);
  await say('ada', { type: 'heartbeat' });
  const closing = gateway.close();
  await settle();
  await advance(1_000);
  await closing;
  return lines;
}
