export { type BrokerHarness, brokerContract } from './contracts/broker-contract.js';
export type { ContractClaim, ContractHarness } from './contracts/contract.js';
export { type PresenceStoreHarness, presenceStoreContract } from './contracts/presence-store-contract.js';
export { type SessionStoreHarness, sessionStoreContract } from './contracts/session-store-contract.js';
export { FakeClock } from './fake-clock.js';
export { type ConnectOptions, connectClient, MemoryClient } from './memory-client.js';
export { type MemoryPeer, MemorySocket } from './memory-socket.js';
