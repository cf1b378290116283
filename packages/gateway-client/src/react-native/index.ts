export { type AppStateLike, appSignals, type NetInfoLike } from './app-signals.js';
