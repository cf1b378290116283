export { createTracer } from './create-tracer.js';
export type { TracerOptions } from './options.js';
