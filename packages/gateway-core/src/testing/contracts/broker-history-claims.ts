import { type BrokerClaims, Recorder, say } from './broker-claims.js';
import { assertSame } from './contract.js';

/** What `history` answers. */
export const brokerHistoryClaims: BrokerClaims = {
  'history gives exactly the entries after a position, whole, oldest first': async (broker, other) => {
    const recorder = new Recorder();
    const { position } = await broker.subscribe('g', recorder);
    for (let n = 1; n <= 4; n += 1) await broker.publish('g', { ...say(`${n}`), delivery: 'latest', key: 'k' });
    await broker.publish('g', { ...say('5'), delivery: 'volatile' });
    await recorder.has(say('5'));
    for (const side of [broker, other]) {
      for (let after = 0; after <= 5; after += 1) {
        assertSame(await side.history('g', { ...position, seq: after }, 100), recorder.entries.slice(after), `after ${after}`);
      }
    }
  },
  'history gives at most limit entries, the oldest of them': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    for (let n = 1; n <= 5; n += 1) await broker.publish('g', say(`${n}`));
    const seqs = async (since: number, limit: number) =>
      (await broker.history('g', { ...position, seq: since }, limit))?.map(({ seq }) => seq);
    assertSame(await seqs(0, 2), [1, 2]);
    assertSame(await seqs(2, 2), [3, 4]);
    assertSame(await seqs(4, 2), [5]);
    assertSame(await seqs(5, 2), []);
  },
  'history has what an answered publish told of': async (broker, other) => {
    const { position } = await other.subscribe('g', new Recorder());
    for (let n = 0; n < 50; n += 1) {
      const { epoch, seq } = await broker.publish('g', say(`${n}`));
      assertSame(await broker.history('g', { epoch, seq: seq - 1 }, 1), [{ seq, ...say(`${n}`) }]);
    }
    assertSame((await other.history('g', position, 100))?.length, 50);
  },
  'history after the head is empty, and after what is not there yet it is undefined': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    assertSame(await broker.history('g', position, 10), []);
    assertSame(await broker.history('g', { ...position, seq: 1 }, 10), undefined);
    const head = await broker.publish('g', say('1'));
    assertSame(await broker.history('g', head, 10), []);
    assertSame(await broker.history('g', { ...head, seq: 2 }, 10), undefined);
  },
  'history of another log is undefined': async (broker) => {
    await broker.subscribe('g', new Recorder());
    await broker.subscribe('h', new Recorder());
    const inG = await broker.publish('g', say('1'));
    await broker.publish('h', say('1'));
    assertSame(await broker.history('g', { epoch: `${inG.epoch}x`, seq: 0 }, 10), undefined);
    assertSame(await broker.history('g', { epoch: '', seq: 0 }, 10), undefined);
    assertSame(await broker.history('never', { epoch: inG.epoch, seq: 0 }, 10), undefined);
  },
};
