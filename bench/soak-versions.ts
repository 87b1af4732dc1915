/**
 * `npm run soak:versions -- --histories N [--seed S] [--minutes M]`: plays N random histories of an HR database that is a real PostgreSQL read by the versions of its rows, S being the seed of the first. After every plan
 * it is compared with the one of a pass that reads everybody and trusts only the ledger. A history that breaks this is told, and played again by `--seed S --histories 1`.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/postgres.ts';
import { playVersions } from '../test/soak/versions.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1440' },
    first: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
    processes: { type: 'string', default: '1' },
  },
});
if (existsSync('/dev/shm')) process.env['JOINERY_SOAK_FOLDER'] ??= '/dev/shm';
const first = Number(values.seed);
const server = await startPostgres();
const sums = { histories: 0, plans: 0, byVersions: 0, kills: 0, postponed: 0, broken: 0 };
try {
  const url = await server.createDatabase('hr');
  for (let seed = first; seed < first + Number(values.histories) && performance.now() < Number(values.minutes) * 60_000; seed++) {
    const { violation, plans, byVersions, kills, postponed } = await playVersions(seed, url);
    sums.histories++;
    sums.plans += plans;
    sums.byVersions += byVersions;
    sums.kills += kills;
    sums.postponed += postponed;
    if (violation === undefined) continue;
    sums.broken++;
    process.stdout.write(`history ${String(seed)}: ${violation}\n`);
    if (values.first) break;
  }
} finally {
  await server.stop();
}
process.stdout.write(
  `${String(sums.histories)} histories, ${String(sums.plans)} plans, ${String(sums.byVersions)} of them by versions alone, ${String(sums.kills)} kills, ${String(sums.postponed)} accepted after HR wrote on: ${String(sums.broken)} broke the law\n`,
);
// A process that died in a history still has its connections.
process.exit(sums.broken === 0 ? 0 : 1);
