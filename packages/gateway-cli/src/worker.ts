import { runWorker } from './workers/run-worker.js';

// Started by `serve --workers`, and by nobody else.
runWorker();
