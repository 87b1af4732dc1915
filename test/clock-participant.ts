/** A process of its own on a shared clock: `clock-participant ORIGIN TIMES MILLISECONDS`; 0 times: connected and busy until it is killed. */
import { connectSharedClock } from '../src/emulator/index.ts';

const [origin = '', times = '0', milliseconds = '0'] = process.argv.slice(2);
const clock = await connectSharedClock(origin);
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
say({ connected: clock.now() });
if (times === '0') await new Promise(() => setInterval(() => undefined, 60_000));
for (let time = 0; time < Number(times); time++) {
  await clock.sleep(Number(milliseconds));
  say({ now: clock.now() });
}
