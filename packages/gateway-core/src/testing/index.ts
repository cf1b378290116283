export { type BrokerHarness, brokerContract } from './contracts/broker-contract.js';
export type { ContractClaim, ContractHarness } from './contracts/contract.js';
export { type MemberStoreHarness, memberStoreContract } from './contracts/member-store-contract.js';
export { type PresenceStoreHarness, presenceStoreContract } from './contracts/presence-store-contract.js';
export { type SessionStoreHarness, sessionStoreContract } from './contracts/session-store-contract.js';
export { FakeClock } from './fake-clock.js';
export type { LinkDirection } from './link-direction.js';
export { type ConnectOptions, connectClient, MemoryClient } from './memory-client.js';
export { MemoryLink, type MemoryLinkOptions } from './memory-link.js';
export { type MemoryPeer, MemorySocket } from './memory-socket.js';
export {
  type Handshake,
  type MemoryWebSocket,
  type MemoryWebSocketClass,
  type MemoryWebSocketOptions,
  memoryWebSocket,
} from './memory-web-socket.js';
export { type Timer, TimerQueue } from './timer-queue.js';
