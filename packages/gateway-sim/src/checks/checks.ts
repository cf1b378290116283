import { checkAccepted, checkHoles, checkLastWords } from './accepted.js';
import type { Check } from './check.js';
import { checkClosed } from './closed.js';
import { checkHearing } from './hearing.js';
import { checkIdentity, checkRevoked } from './identity.js';
import { checkLimits } from './limits.js';
import { checkPermitted } from './permitted.js';
import { checkPrompt } from './prompt.js';
import { checkRates } from './rates.js';
import { checkKept, checkResumed } from './returns.js';
import { checkFlapping, checkLateWords, checkRights } from './rights.js';
import { checkAnswers, checkSenders } from './senders.js';
import { checkConverged, checkEnd, checkRosters } from './standing.js';
import { checkViews } from './views.js';
import { checkVoices } from './voices.js';
import { reading } from './wire.js';

/** Every check, with the promise that it holds the gateway and its client to. */
export const CHECKS: readonly Check[] = [
  {
    name: 'found',
    promise: 'nothing throws that nobody catches, nothing runs for ever, and no listener is told what it cannot take',
    check: ({ entries }) =>
      entries.flatMap((entry) => (entry.kind === 'found' ? [{ atMs: entry.atMs, text: `${entry.check}: ${entry.text}` }] : [])),
  },
  {
    name: 'failures',
    promise: 'nothing fails inside a gateway unless a hook, a store or the broker does',
    check: ({ entries }, { faults, actions }) => {
      const mayFail = actions.some(
        (action) => action.do === 'ask' || action.do === 'backend' || action.do === 'lose logs' || action.do === 'pause',
      );
      if (mayFail || faults.includes('logs')) return [];
      return entries.flatMap((entry) =>
        entry.kind === 'failed' ? [{ atMs: entry.atMs, text: `${entry.where}: ${entry.error}` }] : [],
      );
    },
  },
  {
    name: 'order',
    promise:
      'on a connection a group comes in order, each message once; `recovered`, `live`, `reset`, `gap` and `replayed` are true',
    check: (history) => reading(history).order,
  },
  {
    name: 'strangers',
    promise:
      'nobody is sent anything of a group before they are identified, without having asked for it, or after they have left',
    check: (history) => reading(history).strangers,
  },
  { name: 'holes', promise: 'a message that may not be passed over comes, or its loss is told', check: checkHoles },
  {
    name: 'accepted',
    promise:
      'an acknowledged message is where its acknowledgement says; one id is in a log once; what was refused is nowhere; every publish settles',
    check: checkAccepted,
  },
  { name: 'last words', promise: 'when the faults are over, what members say is accepted', check: checkLastWords },
  {
    name: 'views',
    promise: 'what the user of a client is told is in order, once, and whole, over any number of connections',
    check: checkViews,
  },
  { name: 'rights', promise: 'nothing is accepted of who is revoked, expired or fenced', check: checkRights },
  {
    name: 'hearing',
    promise: 'nobody is sent what was said after they were revoked, had expired or were fenced',
    check: checkHearing,
  },
  {
    name: 'late words',
    promise: 'nothing is accepted after its sender had no right to speak any more, though it was sent before',
    check: checkLateWords,
  },
  {
    name: 'permitted',
    promise: 'what `authorize` says no to is not done',
    check: checkPermitted,
  },
  { name: 'identity', promise: 'nobody becomes a member of another name', check: checkIdentity },
  { name: 'revoked', promise: 'nobody becomes a member again who was revoked', check: checkRevoked },
  {
    name: 'closed',
    promise: 'a gateway closes nobody without a reason, and asks those to come back elsewhere whom it closes for its own end',
    check: checkClosed,
  },
  {
    name: 'rates',
    promise: 'no more messages of one connection are accepted than its rate and its burst allow',
    check: checkRates,
  },
  { name: 'voices', promise: 'one connection speaks for a member', check: checkVoices },
  { name: 'answers', promise: 'messages are acknowledged in the order in which they were sent', check: checkAnswers },
  {
    name: 'senders',
    promise: 'what one client says in a group is sent, and is in its log, in the order of its calls',
    check: checkSenders,
  },
  { name: 'resumed', promise: 'who comes back inside the window is the same member', check: checkResumed },
  { name: 'kept', promise: 'what a log has room for is not lost', check: checkKept },
  {
    name: 'prompt',
    promise: 'nobody waits for the next message to be told of an earlier one, or to be synced',
    check: checkPrompt,
  },
  { name: 'flapping', promise: 'who comes back inside the window is not seen to leave', check: checkFlapping },
  {
    name: 'converged',
    promise: 'a minute after the last fault everybody is where they want to be, at the end of the log',
    check: checkConverged,
  },
  { name: 'rosters', promise: 'then everybody sees who is there, as they are, and nobody else', check: checkRosters },
  { name: 'limits', promise: 'what gateways keep is within their limits', check: checkLimits },
  {
    name: 'end',
    promise: 'the books balance, sessions and dropped members have expired, and nothing is left when all is closed',
    check: checkEnd,
  },
];
