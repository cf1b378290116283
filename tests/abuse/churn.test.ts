import { expect, test } from 'vitest';
import { textOf } from './support/frames.js';
import type { RawClient } from './support/raw-client.js';
import { attacked, POLL } from './support/rig.js';

/** Rates that nobody reaches, so that what is behind them is tested. */
const NO_RATES = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, errorsPerSecondMax: 0 };
const MOVES = 10_000;

const identify = (groupId: string) => textOf({ type: 'identify', payload: { clientType: 'app-client', groupId } });

/** Moves a client from group to group, all at once, and reads every answer. */
async function move(client: RawClient, groupIds: readonly string[]): Promise<void> {
  client.write(Buffer.concat(groupIds.map(identify)));
  for (const _ of groupIds) await client.nextOf('ready');
}

test('one connection that joins and leaves 10,000 groups ends in the last one, and the others are forgotten', () =>
  attacked({ limits: NO_RATES }, async (rig) => {
    const member = await rig.identified('g');
    const joined: string[] = [];
    const left: string[] = [];
    rig.gateway.on('join', ({ groupId }) => joined.push(groupId));
    rig.gateway.on('leave', ({ groupId }) => left.push(groupId));
    const groupIds = Array.from({ length: MOVES }, (_, index) => `g-${index}`);
    await move(member, groupIds);
    expect(joined).toEqual(groupIds);
    expect(left).toEqual(['g', ...groupIds.slice(0, -1)]);
    expect(rig.gateway.connections().at(-1)?.groups).toEqual([groupIds.at(-1)]);
    expect(await member.roundTrip()).toMatchObject({ groupId: groupIds.at(-1), seq: 1 });
  }));

test('groups stay within groupsMax however many are joined', () =>
  attacked({ limits: { ...NO_RATES, groupsMax: 20 } }, async (rig) => {
    const member = await rig.identified('g');
    let most = 0;
    rig.gateway.on('join', () => {
      most = Math.max(most, rig.gateway.stats().groups);
    });
    await move(
      member,
      Array.from({ length: 2_000 }, (_, index) => `g-${index}`),
    );
    expect(most).toBe(20);
    await member.roundTrip();
  }));

test('100 connections that join and leave the same few groups 10,000 times leave them empty', () =>
  attacked({ limits: NO_RATES }, async (rig) => {
    const members = await Promise.all(Array.from({ length: 100 }, () => rig.identified('g')));
    const groupIds = Array.from({ length: MOVES / members.length }, (_, index) => `g-${index % 7}`);
    await Promise.all(
      members.map((member, index) => move(member, groupIds.slice(index % 7).concat(groupIds.slice(0, index % 7)))),
    );
    const inGroups = rig.gateway.groups().reduce((sum, { connections }) => sum + connections, 0);
    // Each is in one group, and so is the bystander.
    expect(inGroups).toBe(members.length + 1);
    await Promise.all(members.map((member) => member.close()));
    await rig.onlyBystanderIsLeft();
    for (const { groupId, connections } of rig.gateway.groups()) {
      if (groupId.startsWith('g')) expect({ groupId, connections }).toEqual({ groupId, connections: 0 });
    }
    expect(await rig.gateway.presence('g-0')).toMatchObject({ status: 'DOWN', details: { members: 0 } });
    expect(rig.gateway.stats().droppedMembers).toBe(0);
  }));

test('500 connections that come, identify and close leave nothing', () =>
  attacked({}, async (rig) => {
    for (let round = 0; round < 10; round += 1) {
      const members = await Promise.all(Array.from({ length: 50 }, () => rig.identified('g')));
      await Promise.all(members.map((member) => member.close()));
    }
    await rig.onlyBystanderIsLeft();
    expect(rig.gateway.stats()).toMatchObject({ connectionsTotal: 501, droppedMembers: 0 });
    expect(rig.disconnects.map(({ code }) => code)).toEqual(Array(500).fill(1000));
    expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DOWN' });
  }));

test('500 connections that come, identify and drop are kept for resumeTtlMs, and then leave nothing', () =>
  attacked({}, async (rig) => {
    for (let round = 0; round < 10; round += 1) {
      const members = await Promise.all(Array.from({ length: 50 }, () => rig.identified('g')));
      for (const member of members) member.reset();
    }
    await rig.onlyBystanderIsLeft();
    expect(rig.gateway.stats().droppedMembers).toBe(500);
    expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DEGRADED', details: { members: 500 } });
    await rig.pass(16_000);
    expect(rig.gateway.stats().droppedMembers).toBe(0);
    expect(await rig.gateway.presence('g')).toMatchObject({ status: 'DOWN', details: { members: 0 } });
  }));

test('dropped members stay within droppedMembersMax however many drop', () =>
  attacked({ limits: { droppedMembersMax: 10 } }, async (rig) => {
    for (let index = 0; index < 50; index += 1) {
      const member = await rig.identified(`g-${index}`);
      member.reset();
      await rig.onlyBystanderIsLeft();
      expect(rig.gateway.stats().droppedMembers).toBe(Math.min(10, index + 1));
    }
    expect(await rig.gateway.presence('g-0')).toMatchObject({ status: 'DOWN' });
    expect(await rig.gateway.presence('g-49')).toMatchObject({ status: 'DEGRADED' });
  }));

test('300 connections that never identify leave nothing', () =>
  attacked({}, async (rig) => {
    for (let round = 0; round < 6; round += 1) {
      const strangers = await Promise.all(Array.from({ length: 50 }, () => rig.open()));
      for (const [index, stranger] of strangers.entries()) {
        if (index % 2 === 0) stranger.reset();
        else stranger.socket.end();
      }
    }
    await expect.poll(() => rig.disconnects.length, POLL).toBe(300);
    await rig.onlyBystanderIsLeft();
    expect(rig.gateway.stats().droppedMembers).toBe(0);
  }));

test('sessions stay within sessionsPerGroupMax however many are named', () =>
  attacked({ limits: { ...NO_RATES, sessionsPerGroupMax: 50 } }, async (rig) => {
    const member = await rig.identified('g');
    for (let index = 0; index < 500; index += 1) {
      member.send({ type: 'data_update', sessionId: `s-${index}`, payload: { data: index, meta: {} } });
    }
    for (let index = 50; index < 500; index += 1) {
      expect((await member.nextOf('error')).payload.code).toBe('TOO_MANY_GROUPS');
    }
    expect(await rig.gateway.sessions('g')).toHaveLength(50);
    await rig.pass(16_000);
    expect(await rig.gateway.sessions('g')).toEqual([]);
  }));
