'use client';

export { GatewayProvider, type GatewayProviderProps, useClient } from './provider.js';
export { useGroup } from './use-group.js';
export { type GroupStateOptions, useGroupState } from './use-group-state.js';
export { useMembers } from './use-members.js';
export { useMyState } from './use-my-state.js';
export { type Publishing, usePublish } from './use-publish.js';
export { useReadable } from './use-readable.js';
export { useStatus } from './use-status.js';
export { useMessages, useUpdates } from './use-updates.js';
