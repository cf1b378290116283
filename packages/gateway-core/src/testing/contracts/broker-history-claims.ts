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
        const answer = await side.history('g', { ...position, seq: after }, 100);
        assertSame(answer, { entries: recorder.entries.slice(after), head: { ...position, seq: 5 } }, `after ${after}`);
      }
    }
  },
  'history gives at most limit entries, the oldest of them': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    for (let n = 1; n <= 5; n += 1) await broker.publish('g', say(`${n}`));
    const seqs = async (since: number, limit: number) =>
      (await broker.history('g', { ...position, seq: since }, limit)).entries?.map(({ seq }) => seq);
    assertSame(await seqs(0, 2), [1, 2]);
    assertSame(await seqs(2, 2), [3, 4]);
    assertSame(await seqs(4, 2), [5]);
    assertSame(await seqs(5, 2), []);
    assertSame((await broker.history('g', position, 2)).head, { ...position, seq: 5 }, 'the head of the log, not of the answer');
  },
  'history has what an answered publish told of': async (broker, other) => {
    const { position } = await other.subscribe('g', new Recorder());
    for (let n = 0; n < 50; n += 1) {
      const { epoch, seq } = await broker.publish('g', say(`${n}`));
      assertSame(await broker.history('g', { epoch, seq: seq - 1 }, 1), {
        entries: [{ seq, ...say(`${n}`) }],
        head: { epoch, seq },
      });
    }
    assertSame((await other.history('g', position, 100)).entries?.length, 50);
  },
  'history after the head is empty, and after what is not there yet it is lost, as ahead': async (broker) => {
    const { position } = await broker.subscribe('g', new Recorder());
    assertSame(await broker.history('g', position, 10), { entries: [], head: position });
    assertSame(await broker.history('g', { ...position, seq: 1 }, 10), { lost: 'ahead', head: position });
    const head = await broker.publish('g', say('1'));
    assertSame(await broker.history('g', head, 10), { entries: [], head });
    assertSame(await broker.history('g', { ...head, seq: 2 }, 10), { lost: 'ahead', head });
  },
  'history of another log is lost, as epoch, whatever its seq': async (broker) => {
    await broker.subscribe('g', new Recorder());
    await broker.subscribe('h', new Recorder());
    const inG = await broker.publish('g', say('1'));
    await broker.publish('h', say('1'));
    for (const epoch of [`${inG.epoch}x`, '']) {
      for (const seq of [0, 1, 9]) assertSame(await broker.history('g', { epoch, seq }, 10), { lost: 'epoch', head: inG });
    }
    const { lost, head } = await broker.history('never', { epoch: `${inG.epoch}x`, seq: 0 }, 10);
    assertSame({ lost, seq: head.seq }, { lost: 'epoch', seq: 0 });
  },
};
