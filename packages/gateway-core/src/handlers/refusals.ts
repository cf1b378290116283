import type { Refusal } from '../answers.js';
import { END_CAUSES } from '../end-causes.js';

/** What more than one handler answers, so that the same thing is said in the same words. */
export const UNAUTHORIZED: Refusal = { code: 'UNAUTHORIZED', message: 'payload.token: refused', close: END_CAUSES.unauthorized };
export const NOT_A_MEMBER: Refusal = { code: 'NOT_A_MEMBER', message: 'groupId: not a group that this connection is in' };
export const NO_GROUP: Refusal = { code: 'NO_GROUP', message: 'groupId: none is named and none is joined' };
/** Of the gateway. */
export const FULL: Refusal = { code: 'TOO_MANY_GROUPS', message: 'groupId: the gateway has as many groups as it may' };
/** Of one connection. */
export const TOO_MANY: Refusal = { code: 'TOO_MANY_GROUPS', message: 'groupId: the connection is in as many groups as it may' };
