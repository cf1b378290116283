import type { Case } from '../case-kinds.js';
import type { Progress } from '../runner.js';

/** Writes how far the run is: on a terminal one line that changes, elsewhere one line per job. */
export function progressLine(cases: readonly Case[], out: NodeJS.WriteStream = process.stderr): Progress {
  const start = Date.now();
  return (done, total, result) => {
    const { caseId, server } = result;
    const { key, title, format } = cases.find(({ id }) => id === caseId)!.columns[0]!;
    const value = 'message' in result ? `FAILED: ${result.message}` : `${format(result.metrics[key]!)} ${title}`;
    const line = `[${done}/${total}, ${Math.round((Date.now() - start) / 1000)} s] ${caseId} ${server}: ${value}`;
    if (!out.isTTY) out.write(`${line}\n`);
    else out.write(`\r\x1b[K${line.slice(0, out.columns - 1)}${done === total ? '\n' : ''}`);
  };
}
