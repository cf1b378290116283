import {
  type Check,
  checkId,
  checkOneOf,
  checkSeq,
  checkTags,
  checkTail,
  checkText,
  checkTimestamp,
  type Fault,
  isObject,
  type JsonObject,
  jsonTextOf,
  own,
} from './checks.js';
import type { IncomingFromClient } from './client-signals.js';
import { type Copier, copyField, copyObject, copyRequired, copyRequiredObject } from './copy.js';
import { CLIENT_TYPES, DELIVERY_MODES } from './envelope.js';
import { PROTOCOL_LIMITS } from './limits.js';
import { parseTraceparent } from './traceparent.js';

/** What reading one signal needs beside it, and texts that it leaves behind. */
export interface SignalTexts {
  metadataBytesMax: number;
  presenceStateBytesMax: number;
  /** JSON text of an `identify`'s `metadata`. */
  metadataText?: string;
  /** JSON text of a `presence`'s `state`. */
  stateText?: string;
}

/** Copies the fields of one signal, those of the envelope apart. */
type SignalCopier = (from: JsonObject, to: JsonObject, texts: SignalTexts) => Fault;

const anything: Check = () => undefined;
const clientType: Check = (value) => checkOneOf(value, CLIENT_TYPES);
const deliveryMode: Check = (value) => checkOneOf(value, DELIVERY_MODES);
const sessionText: Check = (value) => checkText(value, 0, PROTOCOL_LIMITS.sessionTextLengthMax);
const token: Check = (value) => checkText(value, 0, PROTOCOL_LIMITS.tokenLengthMax);
const resumeToken: Check = (value) => checkText(value, 1, PROTOCOL_LIMITS.tokenLengthMax);

/** The fields that every signal may have. Most are absent, and a plain read of a named field shows that many times faster than a copier. */
export function copyEnvelope(from: JsonObject, to: JsonObject): Fault {
  if (from.traceparent !== undefined) copyTraceparent(from, to);
  return (
    (from.ts === undefined ? undefined : copyField(from, to, '', 'ts', checkTimestamp)) ??
    (from.version === undefined ? undefined : copyField(from, to, '', 'version', checkId)) ??
    (from.traceId === undefined ? undefined : copyField(from, to, '', 'traceId', checkId)) ??
    (from.groupId === undefined ? undefined : copyField(from, to, '', 'groupId', checkId)) ??
    (from.sessionId === undefined ? undefined : copyField(from, to, '', 'sessionId', checkId)) ??
    (from.id === undefined ? undefined : copyField(from, to, '', 'id', checkId))
  );
}

/** One that is none is as one that was not sent (W3C Trace Context §3.2.2): no message is lost to its tracing. */
function copyTraceparent(from: JsonObject, to: JsonObject): void {
  const traceparent = parseTraceparent(own(from, 'traceparent'));
  if (traceparent !== undefined) to.traceparent = traceparent;
}

const copyIdentify: SignalCopier = (from, to, texts) => {
  const { version } = to;
  if (version !== undefined && version !== '1' && version !== '2') return 'version: must be "1" or "2"';
  return copyRequiredObject(
    from,
    to,
    '',
    'payload',
    (sent, payload, path) =>
      copyRequired(sent, payload, path, 'clientType', clientType) ??
      copyField(sent, payload, path, 'groupId', checkId) ??
      copyField(sent, payload, path, 'metadata', (value) => checkMetadata(value, texts)) ??
      copyField(sent, payload, path, 'token', token) ??
      copyObject(sent, payload, path, 'resume', copyResume),
  );
};

/** Its text is measured to check it, and kept: whoever passes it on need not make it again. */
function checkMetadata(value: unknown, texts: SignalTexts): Fault {
  if (!isObject(value)) return 'must be an object';
  const json = jsonTextOf(value, texts.metadataBytesMax);
  if ('fault' in json) return json.fault;
  texts.metadataText = json.text;
  return undefined;
}

const copyResume: Copier = (from, to, path) =>
  copyField(from, to, path, 'token', resumeToken) ?? copyObject(from, to, path, 'groups', copyResumeGroups);

const copyResumeGroups: Copier = (from, to, path) => {
  // The keys are what a client chose to send, so the record has no prototype for one of them to reach.
  Object.setPrototypeOf(to, null);
  const { resumeGroupsMax } = PROTOCOL_LIMITS;
  const groupIds = Object.keys(from);
  // Before any of them is read.
  if (groupIds.length > resumeGroupsMax) return `${path.slice(0, -1)}: must have at most ${resumeGroupsMax} entries`;
  for (const groupId of groupIds) {
    const idFault = checkId(groupId);
    if (idFault !== undefined) return `${path}*: each key ${idFault}`;
    const fault = copyRequiredObject(from, to, path, groupId, copyResumeSince);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** A position, which is never half of one, and a `tail`; either may be absent. */
const copyResumeSince: Copier = (from, to, path) =>
  (own(from, 'epoch') === undefined && own(from, 'seq') === undefined ? undefined : copyPosition(from, to, path)) ??
  copyField(from, to, path, 'tail', checkTail);

const copyPosition: Copier = (from, to, path) =>
  copyRequired(from, to, path, 'epoch', checkId) ?? copyRequired(from, to, path, 'seq', checkSeq);

const copySince: Copier = (from, to, path) =>
  copyResumeSince(from, to, path) ??
  (to.epoch === undefined && to.tail === undefined ? `${path}tail: is required where epoch and seq are absent` : undefined);

/** A `heartbeat` has nothing to say in its payload, so nothing of one is kept. */
const copyHeartbeat: SignalCopier = (from) => copyObject(from, {}, '', 'payload', anything);

const copyDataUpdate: SignalCopier = (from, to) =>
  copyRequiredObject(from, to, '', 'payload', copyData) ??
  (from.delivery === undefined ? undefined : copyField(from, to, '', 'delivery', deliveryMode)) ??
  (from.key === undefined ? undefined : copyField(from, to, '', 'key', checkId)) ??
  // Without a key there is nothing of which this could be the latest.
  (to.delivery === 'latest' && to.key === undefined ? 'key: is required where delivery is "latest"' : undefined);

const copyData: Copier = (from, to, path) => {
  if (!Object.hasOwn(from, 'data')) return `${path}data: is required`;
  to.data = from.data;
  return from.meta === undefined ? undefined : copyObject(from, to, path, 'meta', copySessionMeta);
};

const copySessionMeta: Copier = (from, to, path) =>
  copyField(from, to, path, 'label', sessionText) ??
  copyField(from, to, path, 'createdBy', sessionText) ??
  copyField(from, to, path, 'tags', checkTags);

const copyJoin: SignalCopier = (from, to) =>
  copyRequiredObject(
    from,
    to,
    '',
    'payload',
    (sent, payload, path) =>
      copyRequired(sent, payload, path, 'groupId', checkId) ?? copyObject(sent, payload, path, 'since', copySince),
  );

const copyLeave: SignalCopier = (from, to) =>
  copyRequiredObject(from, to, '', 'payload', (sent, payload, path) => copyRequired(sent, payload, path, 'groupId', checkId));

const copyPresence: SignalCopier = (from, to, texts) =>
  copyRequiredObject(from, to, '', 'payload', (sent, payload, path) => {
    // Left out by mistake it must not pass for `null`, which takes the state away.
    if (!Object.hasOwn(sent, 'state')) return `${path}state: is required`;
    return copyRequired(sent, payload, path, 'state', (value) => checkState(value, texts));
  });

function checkState(value: unknown, texts: SignalTexts): Fault {
  const json = jsonTextOf(value, texts.presenceStateBytesMax);
  if ('fault' in json) return json.fault;
  texts.stateText = json.text;
  return undefined;
}

/** By `type`. A map, because a client may name a type `__proto__` or `toString`. */
export const SIGNAL_COPIERS: ReadonlyMap<string, SignalCopier> = /* @__PURE__ */ new Map<
  IncomingFromClient['type'],
  SignalCopier
>([
  ['identify', copyIdentify],
  ['heartbeat', copyHeartbeat],
  ['data_update', copyDataUpdate],
  ['join', copyJoin],
  ['leave', copyLeave],
  ['presence', copyPresence],
]);
