import { DEFAULT_LIMITS } from 'gateway-core';
import { dataBody } from 'gateway-core/src/data-body.js';
import { GroupLog } from 'gateway-core/src/groups/group-log.js';
import { LogBudget } from 'gateway-core/src/groups/log-budget.js';
import { LARGE_DATA, LARGE_WIDE_DATA, SMALL_DATA } from './messages.js';
import { expectEqual, type MicroCase } from './micro-case.js';

const bodyOf = (dataText: string) =>
  dataBody({ ts: 1_700_000_000_000, groupId: 'group-1', from: 'AbCdEfGhIjKlMnOpQrStUv', dataText });

/** A full log with the default bounds: what comes in pushes out what is oldest. */
function fullLog(dataText: string) {
  const budget = new LogBudget(DEFAULT_LIMITS.logBytesTotalMax, () => {});
  const log = new GroupLog({ epoch: 'epoch', seq: 0 }, DEFAULT_LIMITS, budget, { giveMemory: () => {} });
  const body = bodyOf(dataText);
  const append = (text: string) => {
    log.append({ seq: log.headSeq + 1, body: text }, 0);
    log.trim(log.headSeq);
  };
  for (let i = 0; i < DEFAULT_LIMITS.logMessagesMax; i++) append(body);
  return { log, body, append };
}

function appending(name: string, dataText: string, makeBody: boolean): MicroCase {
  return {
    name: `${makeBody ? 'stamp and frame' : 'log append'}: ${name}`,
    setUp() {
      const { log, body, append } = fullLog(dataText);
      const before = log.headSeq;
      let runs = 0;
      return {
        run: () => {
          runs++;
          append(makeBody ? bodyOf(dataText) : body);
        },
        check: () => {
          expectEqual('head', log.headSeq, before + runs);
          const text = log.read(log.headSeq - 1, { behind: false, deflate: false }).bytes?.toString() ?? '';
          expectEqual('end of the frame', text.endsWith(`"payload":{"data":${dataText}}}`), true);
        },
      };
    },
  };
}

const reading: MicroCase = {
  name: 'log read: one message behind',
  setUp() {
    const { log } = fullLog(SMALL_DATA);
    let messages = 0;
    return {
      run: () => {
        messages = log.read(log.headSeq - 1, { behind: false, deflate: false }).messages;
      },
      check: () => expectEqual('messages', messages, 1),
    };
  },
};

/** From a checked message to finished frames in the log, and out again. Stamp and frame is the append and the text before it. */
export const LOG_CASES: readonly MicroCase[] = [
  appending('128 B', SMALL_DATA, true),
  appending('16 KiB', LARGE_DATA, true),
  appending('16 KiB, not ASCII', LARGE_WIDE_DATA, true),
  appending('128 B', SMALL_DATA, false),
  appending('16 KiB', LARGE_DATA, false),
  reading,
];
