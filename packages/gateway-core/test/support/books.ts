import type { Gateway } from 'gateway-core';
import { expect, onTestFinished } from 'vitest';

/**
 * Entries in the books of a gateway's groups that do not balance: for each member what was published is written, passed over, told of as lost,
 * or still to come.
 */
export function imbalancesOf(gateway: Gateway): string[] {
  return gateway.groups().flatMap(({ groupId }) =>
    gateway.ledger(groupId).flatMap((entry) => {
      const { published, written, latest, volatile, lost, pending } = entry;
      const counts = [written, latest, volatile, lost, pending];
      const isBalanced = counts.reduce((sum, count) => sum + count, 0) === published && Math.min(...counts) >= 0;
      return isBalanced ? [] : [`${groupId}: ${JSON.stringify(entry)}`];
    }),
  );
}

export function expectBalanced(gateway: Gateway): void {
  expect(imbalancesOf(gateway)).toEqual([]);
}

/** Holds a gateway to its books when it closes, after which it has none, and when the test has finished. */
export function withBooks(gateway: Gateway): Gateway {
  const imbalances: string[] = [];
  const look = () => void imbalances.push(...imbalancesOf(gateway));
  const close = gateway.close.bind(gateway);
  gateway.close = (options) => {
    look();
    return close(options);
  };
  onTestFinished(() => {
    look();
    expect(imbalances).toEqual([]);
  });
  return gateway;
}
