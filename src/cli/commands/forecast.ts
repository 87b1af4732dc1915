import type { Command } from 'commander';
import { formatInstant } from '../../domain/clock.ts';
import { JoineryError } from '../../domain/error.ts';
import type { ForecastLine } from '../../stages/forecast.ts';
import { executeBesideState, type ExecuteOptions } from '../execute.ts';
import { defineCommand } from '../options.ts';
import type { Register } from '../program.ts';
import { plural } from '../style.ts';

interface ForecastOptions extends ExecuteOptions {
  readonly days: string;
}

/** `joinery forecast`: who will join, be enabled or leave, and when. Reads only. */
export function forecastCommand(register: Register): Command {
  return defineCommand(
    'forecast',
    'Who will join, be enabled or leave in the coming days if the source stays as it is; sends nothing',
    'joinery forecast pipelines/contoso.yaml --days 14',
  )
    .argument('<pipeline>', 'the pipeline file')
    .option('--days <number>', 'how many days to look ahead', '14')
    .action(
      register((io, file: string, options: ForecastOptions) => {
        const days = Number(options.days);
        if (!Number.isInteger(days) || days < 0 || days > 366) {
          throw new JoineryError('CLI-101', `--days ${options.days} is no whole number from 0 to 366`);
        }
        return executeBesideState(io, file, options, async ({ runner, say, tell }) => {
          const lines = await runner.forecast(days * 86_400_000);
          say(renderForecast(lines, days));
          for (const line of lines) tell({ type: 'forecast', ...line, at: formatInstant(line.at) });
          return 'success';
        });
      }),
    );
}

const words: Readonly<Record<ForecastLine['change'], string>> = {
  joiner: 'joins: account created, enabled',
  'pre-hire': 'joins soon: account created, disabled',
  enable: 'first day: enabled',
  rehire: 'comes back: enabled',
  leaver: 'leaves: disabled',
  cancelled: 'start rescinded: stays disabled',
};

const reasons: Readonly<Record<ForecastLine['because'], string>> = {
  now: 'with the next run',
  date: 'by date',
  vanished: 'missing in the source',
};

function renderForecast(lines: readonly ForecastLine[], days: number): string {
  if (lines.length === 0) return `Nobody joins, is enabled or leaves in the next ${plural(days, 'day')}.\n`;
  const rows = lines.map(
    ({ at, externalId, change, because }) => `  ${formatInstant(at)}  ${externalId.padEnd(12)} ${words[change]} (${reasons[because]})`,
  );
  return `The next ${plural(days, 'day')}, if the source stays as it is; a change comes with the first run after its time:\n${rows.join('\n')}\n`;
}
