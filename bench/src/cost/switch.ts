/** What a switched build does and leaves out: `esbuild` puts it where the name stands in a statement of {@link Switched}. */
export const SWITCH = { on: true };
