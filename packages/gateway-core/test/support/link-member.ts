import type { GatewayOptions } from 'gateway-core';
import { connectClient, type MemoryClient, MemoryLink, type MemoryLinkOptions } from 'gateway-core/testing';
import { heartbeat, identify, long, say } from './messages.js';
import { setUp } from './set-up.js';

/** A mark that Node notices: below 16 KiB its `write` does not say that anything was left. */
export const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 20_000 };
/** Bytes of each message below, as a frame. */
export const MESSAGE_BYTES = 2_000;

export interface LinkMember {
  client: MemoryClient;
  link: MemoryLink;
}

/** A gateway, a talker beside it, and what connects members at the end of links. All of them send heartbeats while time is moved by `run`. */
export async function withLinks(options: GatewayOptions = {}) {
  const set = setUp({ limits, ...options });
  const { clock, gateway } = set;
  const talker = await set.join('g');
  const beating = new Set([talker]);
  let said = 0;
  return {
    ...set,
    talker,
    /** Joins `g` from the end of a link. The kernels' buffers are small. */
    joinByLink: async (link: Partial<MemoryLinkOptions>, heartbeats = true): Promise<LinkMember> => {
      const member = { link: new MemoryLink({ clock, kernelBufferBytes: 8_000, receiveBufferBytes: 8_000, ...link }) };
      const client = connectClient(gateway, member);
      client.send(identify('g'));
      if (heartbeats) beating.add(client);
      await clock.advance(2_000);
      return { ...member, client };
    },
    /** Says so many messages, numbered on from the last, of `MESSAGE_BYTES` each. */
    sayNext: async (count: number, envelope: object = {}) => {
      for (const end = said + count; said < end; said += 1) talker.send(say(`${said} ${long(MESSAGE_BYTES - 100)}`, envelope));
      await clock.settle();
    },
    /** Moves time, in which clients send a heartbeat every five seconds, and `each` is done every `stepMs`. */
    run: async (ms: number, stepMs = 1_000, each: () => unknown = () => {}) => {
      for (let at = 0; at < ms; at += stepMs) {
        if (Math.floor(at / 5_000) !== Math.floor((at - stepMs) / 5_000)) for (const client of beating) client.send(heartbeat());
        await each();
        await clock.advance(stepMs);
      }
    },
  };
}

/** The numbers of the messages that a client was told. */
export const numbersOf = ({ data }: MemoryClient) => data.map((text) => Number.parseInt(text as string, 10));
