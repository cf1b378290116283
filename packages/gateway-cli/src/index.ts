export type { ServeConfig } from './config.js';
export { type Io, type Output, processIo } from './io.js';
export type { LogLevel } from './log-levels.js';
export type { PlaygroundOptions } from './playground/playground.js';
export { run } from './run.js';
export { type RunningServer, type ServeOptions, serve } from './serve.js';
export type { Environment } from './setting.js';
