import { command, flags } from '../../scripts/flags.mjs';
import { chaos } from './chaos.js';

await command(async () => {
  const values = flags({
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    verbose: { type: 'boolean', default: false },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 1_440))
    throw new TypeError(`--minutes: must be a number over 0 and up to 1440, not ${values.minutes}`);

  console.log(`seed ${values.seed}, ${minutes} minutes`);
  const { report } = await chaos({
    seed: values.seed,
    users: 6,
    groups: 3,
    actsMs: minutes * 60_000,
    workMs: 40,
    faultMs: 700,
    gatewayMs: 8_000,
    lasting: [20, 200, 1_000, 3_500],
    convergenceMs: 60_000,
    log: values.verbose ? console.log : undefined,
  });
  console.log(JSON.stringify(report, undefined, 2));
  if (report.violations.length > 0) {
    console.log(`${report.violations.length} violations. Again: pnpm chaos -- --minutes ${minutes} --seed ${values.seed}`);
  }
  return report.violations.length === 0;
});
