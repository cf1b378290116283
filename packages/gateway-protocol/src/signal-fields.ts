import {
  type Check,
  checkId,
  checkJsonSize,
  checkOneOf,
  checkSeq,
  checkTags,
  checkText,
  checkTimestamp,
  type Fault,
  isObject,
} from './checks.js';
import { type Copier, copyField, copyObject, copyRequired, copyRequiredObject } from './copy.js';
import { CLIENT_TYPES, DELIVERY_MODES } from './envelope.js';
import { PROTOCOL_LIMITS } from './limits.js';

const anything: Check = () => undefined;
const sessionText = /* @__PURE__ */ checkText(0, PROTOCOL_LIMITS.sessionTextLengthMax);
const clientType = /* @__PURE__ */ checkOneOf(CLIENT_TYPES);
const deliveryMode = /* @__PURE__ */ checkOneOf(DELIVERY_MODES);
const token = /* @__PURE__ */ checkText(0, PROTOCOL_LIMITS.tokenLengthMax);
const resumeToken = /* @__PURE__ */ checkText(1, PROTOCOL_LIMITS.tokenLengthMax);

/** The fields that every signal may have. */
export const copyEnvelope: Copier = (from, to, path) =>
  copyField(from, to, path, 'ts', checkTimestamp) ??
  copyField(from, to, path, 'version', checkId) ??
  copyField(from, to, path, 'traceId', checkId) ??
  copyField(from, to, path, 'groupId', checkId) ??
  copyField(from, to, path, 'sessionId', checkId) ??
  copyField(from, to, path, 'id', checkId);

export function identifyFields(metadataBytesMax: number): Copier {
  const metadata = checkJsonSize(metadataBytesMax);
  const copyPayload: Copier = (from, to, path) =>
    copyRequired(from, to, path, 'clientType', clientType) ??
    copyField(from, to, path, 'groupId', checkId) ??
    copyField(from, to, path, 'metadata', metadata) ??
    copyField(from, to, path, 'token', token) ??
    copyObject(from, to, path, 'resume', copyResume);
  return (from, to, path) => {
    const { version } = to;
    if (version !== undefined && version !== '1' && version !== '2') return `${path}version: must be "1" or "2"`;
    return copyRequiredObject(from, to, path, 'payload', copyPayload);
  };
}

/** The payload of a `heartbeat` says nothing, so nothing of it is kept. */
export const copyHeartbeat: Copier = (from, _to, path) =>
  !Object.hasOwn(from, 'payload') || isObject(from.payload) ? undefined : `${path}payload: must be an object`;

export const copyDataUpdate: Copier = (from, to, path) =>
  copyRequiredObject(from, to, path, 'payload', copyDataPayload) ??
  copyField(from, to, path, 'delivery', deliveryMode) ??
  copyField(from, to, path, 'key', checkId) ??
  (to.delivery === 'latest' && to.key === undefined ? `${path}key: must be there when delivery is "latest"` : undefined);

export const copyJoin: Copier = (from, to, path) => copyRequiredObject(from, to, path, 'payload', copyJoinPayload);
export const copyLeave: Copier = (from, to, path) => copyRequiredObject(from, to, path, 'payload', copyLeavePayload);

const copyDataPayload: Copier = (from, to, path) => {
  if (!Object.hasOwn(from, 'data')) return `${path}data: must be there`;
  return copyRequired(from, to, path, 'data', anything) ?? copyObject(from, to, path, 'meta', copySessionMeta);
};

const copySessionMeta: Copier = (from, to, path) =>
  copyField(from, to, path, 'label', sessionText) ??
  copyField(from, to, path, 'createdBy', sessionText) ??
  copyField(from, to, path, 'tags', checkTags);

const copyJoinPayload: Copier = (from, to, path) =>
  copyRequired(from, to, path, 'groupId', checkId) ?? copyObject(from, to, path, 'since', copyPosition);

const copyLeavePayload: Copier = (from, to, path) => copyRequired(from, to, path, 'groupId', checkId);

const copyPosition: Copier = (from, to, path) =>
  copyRequired(from, to, path, 'epoch', checkId) ?? copyRequired(from, to, path, 'seq', checkSeq);

const copyResume: Copier = (from, to, path) =>
  copyRequired(from, to, path, 'token', resumeToken) ?? copyObject(from, to, path, 'groups', copyPositions);

/** The keys are the client's group ids, so the record must have no prototype that one of them could reach. */
const copyPositions: Copier = (from, to, path) => {
  Object.setPrototypeOf(to, null);
  for (const groupId of Object.keys(from)) {
    const fault: Fault = checkId(groupId);
    if (fault !== undefined) return `${path}*: as a group id, ${fault}`;
    const wrong = copyRequiredObject(from, to, path, groupId, copyPosition);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
};
