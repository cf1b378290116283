import { runEcho } from './echo.js';
import { readFlags, USAGE, UsageError } from './flags.js';
import { EchoFailure } from './stage.js';

// The exit code is set and the process ends by itself: that nothing is left open is part of what this shows.
try {
  const options = readFlags(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await runEcho({ ...options, write: (line) => console.log(line) });
} catch (error) {
  if (!(error instanceof EchoFailure || error instanceof UsageError)) throw error;
  console.error(`echo: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
