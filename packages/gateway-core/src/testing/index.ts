export { FakeClock } from './fake-clock.js';
export { type ConnectOptions, connectClient, MemoryClient } from './memory-client.js';
export { type MemoryPeer, MemorySocket } from './memory-socket.js';
