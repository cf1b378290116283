import { FakeClock } from 'gateway-core/testing';

/** Time that stands still, over sockets that do not: the end of a turn is the event loop's own. */
export class SocketClock extends FakeClock {
  override setImmediate(task: () => void): void {
    setImmediate(task);
  }
}
