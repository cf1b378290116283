import { parseArgs } from 'node:util';
import { type ScaleOutOptions, scaleOut } from './scale-out.js';

const { values } = parseArgs({
  // pnpm hands its `--` on.
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    clients: { type: 'string', default: '20' },
    'step-ms': { type: 'string', default: '3000' },
    'away-ms': { type: 'string', default: '1500' },
    persistence: { type: 'string', default: 'always' },
  },
});
const persistence = values.persistence as ScaleOutOptions['persistence'];
if (!['always', 'everysec', 'none'].includes(persistence)) throw new Error('--persistence: always, everysec or none');

const report = await scaleOut({
  clients: Number(values.clients),
  stepMs: Number(values['step-ms']),
  awayMs: Number(values['away-ms']),
  persistence,
  log: console.log,
});
for (const { name, accepted, refused, received, told, drops } of report.accounts) {
  const losses = Object.entries(told).map(([reason, count]) => `${reason} ×${count}`);
  const outcome = losses.length === 0 ? 'complete' : `told ${losses.join(', ')}`;
  const nots = Object.entries(refused).map(([code, count]) => `${code} ×${count}`);
  console.log(
    `${name}: ${accepted} accepted, ${nots.join(', ') || 'none refused'}; ${received} received, ${drops} drops: ${outcome}`,
  );
}
const passedOn = Object.entries(report.passedOn).map(([gateway, count]) => `${count} connections to ${gateway}`);
if (report.front === 'nginx') console.log(`nginx has passed on ${passedOn.join(', ')}`);
console.log(`/health while Redis was away: ${report.health.away.join(', ')}; at the end: ${report.health.end.join(', ')}`);
console.log(`${report.accepted} acknowledged, ${report.lost} of them nowhere; ${report.violations.length} violations`);
for (const violation of report.violations) console.log(violation);
if (report.violations.length > 0) process.exitCode = 1;
