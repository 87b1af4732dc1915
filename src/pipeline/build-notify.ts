import { isLoopback } from './declare-sink.ts';
import type { NotifyValues } from './declare-notify.ts';
import type { NotifyDeclaration } from './pipeline.ts';
import type { Reading } from './reading.ts';

/** A run holds its pipeline while it tells. */
const longestTimeout = 60_000;

/** Channels with what they need. What would travel in the open is refused (PIP-601), and what tells nobody (PIP-602). */
export function buildNotify(values: NotifyValues, reading: Reading): NotifyDeclaration {
  const { webhook, smtp, command, disables, stale, remind } = values;
  if (reading.isWritten('notify') && !webhook && !smtp && !command)
    reading.report('PIP-602', reading.rangeOf('notify'), 'notify has neither webhook nor smtp nor command');
  return {
    ...webhookOf(webhook, reading),
    ...smtpOf(smtp, reading),
    ...commandOf(command, reading),
    on: values.on.map(({ value }) => value),
    disables,
    stale,
    remind,
  };
}

function webhookOf(webhook: NotifyValues['webhook'], reading: Reading): Pick<NotifyDeclaration, 'webhook'> {
  if (webhook?.url === undefined) return {};
  const { url, signature, authorization, timeout } = webhook;
  const address = url.reveal();
  // A stand-in for a variable that is not set is no address, and nothing is sent with it.
  if (URL.canParse(address) ? !/^https:/i.test(address) && !isLoopback(address) : address !== 'stand-in')
    reading.report('PIP-601', reading.rangeOf('notify.webhook.url'), 'notify.webhook.url is not an https address');
  return {
    webhook: {
      url,
      ...(signature === undefined ? {} : { signature }),
      ...(authorization === undefined ? {} : { authorization }),
      timeout: withinLimit('notify.webhook.timeout', timeout, reading),
    },
  };
}

function smtpOf(smtp: NotifyValues['smtp'], reading: Reading): Pick<NotifyDeclaration, 'smtp'> {
  if (smtp?.host === undefined || smtp.from === undefined || smtp.to === undefined) return {};
  const { host, port, security, authority, user, password, from, to, timeout } = smtp;
  if (security === 'none' && !isLoopback(`http://${host}`))
    reading.report('PIP-601', reading.rangeOf('notify.smtp.security'), `notify.smtp.security is none, and ${host} is not loopback`);
  if (to.length === 0) reading.report('PIP-602', reading.rangeOf('notify.smtp.to'), 'notify.smtp.to names nobody');
  if ((user === undefined) !== (password === undefined))
    reading.report('PIP-602', reading.rangeOf('notify.smtp'), 'notify.smtp has only one of user and password');
  return {
    smtp: {
      host,
      port,
      security,
      from,
      to: to.map(({ value }) => value),
      timeout: withinLimit('notify.smtp.timeout', timeout, reading),
      ...(authority === undefined ? {} : { authority: reading.absolutePath(authority) }),
      ...(user === undefined || password === undefined ? {} : { user, password }),
    },
  };
}

function commandOf(command: NotifyValues['command'], reading: Reading): Pick<NotifyDeclaration, 'command'> {
  const [program, ...words] = command?.run?.map(({ value }) => value) ?? [];
  if (command === undefined || command.run === undefined) return {};
  if (program === undefined) {
    reading.report('PIP-602', reading.rangeOf('notify.command.run'), 'notify.command.run is empty');
    return {};
  }
  const found = /[/\\]/.test(program) ? reading.absolutePath(program) : program;
  return { command: { program: found, words, timeout: withinLimit('notify.command.timeout', command.timeout, reading) } };
}

function withinLimit(path: string, timeout: number, reading: Reading): number {
  if (timeout >= 1 && timeout <= longestTimeout) return timeout;
  reading.report('PIP-107', reading.rangeOf(path), `${path} takes a length of time from 1ms to 60s`);
  return longestTimeout;
}
