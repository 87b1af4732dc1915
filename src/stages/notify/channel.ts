import type { ChannelName } from '../../domain/condition.ts';
import type { Clock } from '../../domain/clock.ts';
import type { NotifyDeclaration } from '../../pipeline/pipeline.ts';
import { openCommand } from './command.ts';
import type { Notification } from './notification.ts';
import { openSmtp } from './smtp.ts';
import { openWebhook } from './webhook.ts';

/** One way of telling people. */
export interface Channel {
  readonly name: ChannelName;
  /** undefined: it was taken. Otherwise why not, in words without secrets. Never throws; ends within its time-outs. */
  tell(notification: Notification): Promise<string | undefined>;
}

/** The channels that the pipeline declares. Nothing is connected before the first notification. */
export function openChannels(declared: NotifyDeclaration, clock: Clock): readonly Channel[] {
  const { webhook, smtp, command } = declared;
  return [
    ...(webhook === undefined ? [] : [openWebhook(webhook, clock)]),
    ...(smtp === undefined ? [] : [openSmtp(smtp)]),
    ...(command === undefined ? [] : [openCommand(command)]),
  ];
}
