import { describe, expect, test } from 'vitest';
import { say } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** The text of the `data_update` that a client has received last. */
const lastText = ({ texts }: { texts: string[] }) => texts.filter((text) => text.includes('data_update')).at(-1);

describe('a data_update', () => {
  test('reaches every member, the sender included, with its place, its sender and its time [R5] [R9] [R119]', async () => {
    const { clock, gateway, join } = setUp();
    const clients = [await join('g'), await join('g'), await join('g')];
    clients[1]?.send(say({ n: 1 }));
    await clock.settle();
    const from = gateway.connections()[1]?.memberId;
    const expected = { type: 'data_update', seq: 1, ts: clock.now(), groupId: 'g', from, payload: { data: { n: 1 } } };
    for (const client of clients) expect(client.updates).toEqual([expected]);
  });

  test('gets the next seq of its group, whoever sends [R8] [R117] [R118]', async () => {
    const { clock, join } = setUp();
    const [a, b, elsewhere] = [await join('g'), await join('g'), await join('h')];
    for (const client of [a, elsewhere, b, a, b]) client.send(say(1));
    await clock.settle();
    for (const client of [a, b]) expect(client.updates.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(elsewhere.updates.map(({ seq }) => seq)).toEqual([1]);
  });

  test('keeps the time that its sender gave it [R2]', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    for (const ts of [0, 12.5, 1e21, Number.MAX_SAFE_INTEGER]) client.send(say(1, { ts }));
    await clock.settle();
    expect(client.updates.map(({ ts }) => ts)).toEqual([0, 12.5, 1e21, Number.MAX_SAFE_INTEGER]);
  });

  test('carries every field of the contract that its sender set [R4] [R78] [R258]', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const envelope = {
      ts: 1,
      version: '1',
      traceId: 'trace "1"',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      groupId: 'g',
      sessionId: 's\u2028',
      id: 'm-1',
      delivery: 'latest',
      key: 'k',
    };
    const payload = { data: [1], meta: { label: 'a "call"', createdBy: 'ada', tags: ['x'] } };
    client.send({ type: 'data_update', ...envelope, payload });
    await clock.settle();
    const from = gateway.connections()[0]?.memberId;
    expect(client.updates).toEqual([{ type: 'data_update', ...envelope, seq: 1, from, payload }]);
  });

  test('carries a traceparent in both dialects, one of a later version as version 00 says it, and none that is none [R258] [R259] [R260]', async () => {
    const { clock, gateway, join } = setUp();
    const member = new ResumingClient(gateway);
    const clients = [await join('g'), member.connect({ g: {} })];
    await clock.settle();
    const rest = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';
    for (const client of clients) {
      client.send(say(1, { traceparent: `00-${rest}-00` }));
      client.send(say(2, { traceparent: `7f-${rest}-fd-more` }));
      client.send(say(3, { traceparent: `ff-${rest}-01` }));
      client.send(say(4, { traceparent: [`00-${rest}-01`] }));
    }
    await clock.settle();
    const passedOn = [`00-${rest}-00`, `00-${rest}-01`, undefined, undefined];
    for (const client of clients) {
      expect(client.updates.map(({ traceparent }) => traceparent)).toEqual([...passedOn, ...passedOn]);
      expect(client.texts.join()).not.toContain('"error"');
    }
  });

  test('carries no seq or from that its sender made up, and no field that the contract does not know [R12]', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    client.sendText(
      '{"type":"data_update","seq":99,"from":"somebody","epoch":"e","ts":1,"role":"admin","__proto__":{"from":"x"},' +
        '"payload":{"data":1,"from":"somebody","meta":{"label":"l","seq":99},"extra":true},"seq":98}',
    );
    await clock.settle();
    const from = gateway.connections()[0]?.memberId;
    expect(lastText(client)).toBe(
      `{"type":"data_update","seq":1,"ts":1,"groupId":"g","from":"${from}","payload":{"data":1,"meta":{"label":"l"}}}`,
    );
  });

  test('cannot smuggle fields in through its data, whatever that looks like', async () => {
    const { clock, join } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    const data = '"}},{"seq":7,"from":"x","payload":{"data":"';
    client.send(say(data, { traceId: '","from":"x' }));
    client.sendText('{"type":"data_update","payload":{"data":1,"data":{"seq":5}}}');
    await clock.settle();
    expect(other.updates.map(({ seq, payload }) => [seq, payload.data])).toEqual([
      [1, data],
      [2, { seq: 5 }],
    ]);
    expect(other.updates[0]?.from).not.toBe('x');
  });

  test.each([
    '1.0',
    '-0',
    '1e2',
    '12345678901234567890',
    '0.1000',
    '"\\u0041\\/\\ud83d\\ude00"',
    '"ключ 🗝"',
    '{ "b" : 1, "a" : [ 1 ,2 ] , "b" : 2 }',
    '{"__proto__":{"x":1},"constructor":null}',
    'null',
    '[]',
    '"\\ud800"',
  ])('carries the text of its data exactly: %s [R121]', async (text) => {
    const { clock, join } = setUp();
    const client = await join('g');
    client.sendText(`{"payload": {"meta":{}, "data": ${text} }, "type":"data_update","ts":1}`);
    await clock.settle();
    expect(lastText(client)).toContain(`"payload":{"data":${text},"meta":{}}}`);
  });

  test.each([0, 20, 124, 125, 126, 65_535, 65_536, 200_000])('of about %i bytes comes over whole', async (length) => {
    const { clock, join } = setUp();
    const client = await join('g');
    const texts = Array.from({ length: 5 }, (_, n) => 'é'.repeat(Math.max(0, Math.floor(length / 2) - 55 + n)));
    for (const text of texts) client.send(say(text));
    await clock.settle();
    expect(client.data).toEqual(texts);
  });

  test("keeps its sender's order", async () => {
    const { clock, join } = setUp();
    const clients = [await join('g'), await join('g'), await join('g')];
    for (let n = 0; n < 30; n += 1) {
      clients.forEach((client, index) => {
        client.send(say([index, n]));
      });
      if (n % 7 === 0) await clock.settle();
    }
    await clock.settle();
    const [first, ...others] = clients.map(({ data }) => data as [number, number][]);
    for (const data of others) expect(data).toEqual(first);
    for (const index of [0, 1, 2]) {
      expect(first?.filter(([sender]) => sender === index).map(([, n]) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    }
  });
});
