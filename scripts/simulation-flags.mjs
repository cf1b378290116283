/**
 * Of V8, for a process that runs seeds. A run of some thousand seeds ends before its code is as fast as it will be, and much of it goes by on
 * compiling: functions are to be hotter before they are optimized, and less is inlined into them. Garbage is collected less often, and by the
 * thread that made it.
 */
export const SIMULATION_FLAGS = [
  '--interrupt-budget=150000',
  '--max-inlined-bytecode-size-cumulative=200',
  '--min-semi-space-size=16',
  '--max-semi-space-size=16',
  '--no-parallel-scavenge',
];
