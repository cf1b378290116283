import assert from 'node:assert/strict';
import type { Broker } from '../../broker/broker.js';
import type { MaybePromise } from '../../maybe-promise.js';
import { type BrokerClaims, Recorder, say } from './broker-claims.js';
import { assertSame } from './contract.js';

/** Who may publish once a member was taken over by another gateway. */
export const brokerFenceClaims = (moveMember: (broker: Broker, memberId: string) => MaybePromise<void>): BrokerClaims => ({
  'an older generation of a member cannot publish once another gateway has it': async (broker, other) => {
    assert.equal(broker.fencesMembers, true, 'it says that it fences members');
    const recorder = new Recorder();
    const { position } = await other.subscribe('g', recorder);
    const by = (memberId: string, generation: number, text: string) => ({
      ...say(text),
      idempotencyKey: text,
      fence: { memberId, generation },
    });
    await broker.publish('g', by('a', 1, 'before'));
    await moveMember(broker, 'a');
    const outcomes = async (side: Broker) => {
      const messages = [
        say('of nobody'),
        by('a', 1, 'refused'),
        by('a', 2, 'newer'),
        by('a', 1, 'refused too'),
        by('b', 1, 'unknown'),
      ];
      const settled = await Promise.allSettled(messages.map(async (message) => side.publish('g', message)));
      return settled.map((one) => (one.status === 'fulfilled' ? one.value.seq : (one.reason as { code?: unknown }).code));
    };
    assertSame(await outcomes(broker), [2, 'FENCED', 3, 'FENCED', 4]);
    assertSame(await outcomes(other), [5, 'FENCED', 3, 'FENCED', 4], 'in every gateway');
    // Its key is as free as if it had never been said.
    assertSame(await broker.publish('g', by('a', 2, 'refused')), { ...position, seq: 6 });
    await recorder.has(say('refused'));
    assertSame(
      recorder.bodies,
      ['before', 'of nobody', 'newer', 'unknown', 'of nobody', 'refused'].map((text) => say(text).body),
    );
    recorder.assertFollows(position);
  },
});
