import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import { openChannels } from '../../stages/notify/channel.ts';
import { trialOf } from '../../stages/notify/notification.ts';
import { preparePipeline } from '../../stages/prepare.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';

/** `joinery notify`: a trial notification by every channel, so that nobody learns in an emergency that none works. */
export function notifyCommand(register: Register): Command {
  return defineCommand(
    'notify',
    'Send a trial notification by every channel of the pipeline',
    'joinery notify pipelines/contoso.yaml --env-file .env',
  )
    .argument('<pipeline>', 'the pipeline file')
    .action(
      register(async (io, file: string, options: CommonOptions) => {
        const { pipeline } = preparePipeline(file, environmentOf(io, options), { reportsFallbacks: false });
        const channels = openChannels(pipeline.notify, io.clock);
        if (channels.length === 0) throw new JoineryError('NTF-103', `${file} has no channel under notify`);
        const failures: string[] = [];
        for (const channel of channels) {
          const reason = await channel.tell(trialOf(pipeline.name, io.clock.now()));
          if (reason !== undefined) failures.push(`${channel.name}: ${reason}`);
          if (options.json === true)
            io.out(
              `${JSON.stringify({ type: 'trial', channel: channel.name, taken: reason === undefined, ...(reason === undefined ? {} : { reason }) })}\n`,
            );
          else io.out(`${channel.name}  ${reason === undefined ? 'taken' : `not taken: ${reason}`}\n`);
        }
        if (failures.length > 0) throw new JoineryError('NTF-102', failures.join('; '));
        return 'success';
      }),
    );
}
