import { conditionNames } from '../domain/condition.ts';
import { defaulted, list, map, optional, required, type Values } from './kind.ts';
import { choice, duration, text, waitingTime, wholeNumber } from './kinds.ts';
import { secret } from './kinds-secret.ts';

const hour = 3_600_000;

const webhookFields = map({
  url: required(secret, {
    doc: 'Where the notification is posted to as JSON, https. The whole address from the environment or a file, because the addresses of chat systems are secrets themselves.',
    danger: 'Whoever knows the address of a chat system’s webhook can write there.',
    example: "'${NOTIFY_WEBHOOK_URL}'",
    secret: true,
  }),
  signature: optional(secret, {
    doc: 'Key with which the body is signed: header joinery-signature: t=SECONDS,v1=HEX, HMAC-SHA-256 over "SECONDS.BODY".',
    danger: 'Without it the receiver cannot tell our notifications from anybody else’s.',
    example: "'${NOTIFY_SIGNATURE_KEY}'",
    secret: true,
  }),
  authorization: optional(secret, {
    doc: 'Value of the header Authorization, for receivers that want one.',
    example: "'${NOTIFY_AUTHORIZATION}'",
    secret: true,
  }),
  timeout: defaulted(waitingTime, 10_000, '10s', {
    doc: 'How long an answer is waited for. A time-out, a broken connection, 429 and 5xx are tried twice more, after 2 and 10 seconds.',
    danger: 'The run holds its pipeline for so long; at most 60s.',
    example: '10s',
  }),
});

const place = (standIn: string): { readonly environment: { readonly standIn: string } } => ({ environment: { standIn } });

const smtpFields = map({
  host: required(text({ words: 'the name of a mail server', ...place('localhost') }), {
    doc: 'Mail server.',
    example: 'smtp.contoso.example',
  }),
  port: defaulted(wholeNumber(1, 65_535), 587, '587', { doc: 'Its port: 587 with starttls, 465 with tls.', example: '465' }),
  security: defaulted(choice(['starttls', 'tls', 'none'] as const), 'starttls', 'starttls', {
    doc: 'starttls: the connection must become encrypted before anything else is said. tls: encrypted from the first byte. none: on loopback only. Certificates are verified always.',
    danger: 'none sends user and password in the open.',
    example: 'tls',
  }),
  authority: optional(text({ words: 'the path of a file', ...place('stand-in.pem') }), {
    doc: 'PEM file of a certificate authority of one’s own that is trusted for this server besides the usual ones.',
    example: '../mail-ca.pem',
  }),
  user: optional(text({ words: 'the name of a user', ...place('stand-in') }), {
    doc: 'Who signs in at the mail server; absent: nobody does.',
    example: "'${SMTP_USER}'",
  }),
  password: optional(secret, { doc: 'Password of user.', example: "'${SMTP_PASSWORD}'", secret: true }),
  from: required(text({ words: 'a mail address', pattern: /^[^\s@<>,]+@[^\s@<>,]+$/, ...place('joinery@contoso.example') }), {
    doc: 'Sender.',
    example: 'joinery@contoso.example',
  }),
  to: required(list(text({ words: 'a mail address', pattern: /^[^\s@<>,]+@[^\s@<>,]+$/, ...place('ops@contoso.example') })), {
    doc: 'Who gets the mail.',
    example: '[identity-team@contoso.example]',
  }),
  timeout: defaulted(waitingTime, 20_000, '20s', { doc: 'How long the server is waited for, in all.', example: '20s' }),
});

const commandFields = map({
  run: required(list(text({ words: 'a word of the command' })), {
    doc: 'Program and arguments, started without a shell; a program with a slash is looked for from the folder of the pipeline file. It gets the notification as JSON on its standard input, and of the environment only PATH, HOME, LANG and what Windows needs.',
    danger: 'It runs as the runner’s user.',
    example: '[./page-on-call.sh, --team, identity]',
  }),
  timeout: defaulted(waitingTime, 30_000, '30s', { doc: 'When the program is killed.', example: '30s' }),
});

export const notifyFields = map({
  webhook: optional(webhookFields, {
    doc: 'Tells a web address.',
    example: "{ url: '${NOTIFY_WEBHOOK_URL}', signature: '${NOTIFY_SIGNATURE_KEY}' }",
  }),
  smtp: optional(smtpFields, {
    doc: 'Tells by mail.',
    example: '{ host: smtp.contoso.example, from: joinery@contoso.example, to: [identity-team@contoso.example] }',
  }),
  command: optional(commandFields, { doc: 'Tells a program.', example: '{ run: [./page-on-call.sh] }' }),
  on: defaulted(
    list(choice(conditionNames)),
    conditionNames.map((value) => ({ value, range: [0, 0] as const })),
    `[${conditionNames.join(', ')}]`,
    {
      doc: 'What is told: a guard stopped a plan, the set-up refuses everybody, the job is in quarantine, the day’s calls are used up, a disable has no outcome for too long, no run has succeeded for too long. Each once when it begins, once when it is over.',
      danger: 'Whoever is not told of disables learns of an account that stayed on from somebody else.',
      example: '[guard, disables]',
    },
  ),
  disables: defaulted(duration, hour, '60m', { doc: 'After how long without an outcome a disable is told.', example: '60m' }),
  stale: defaulted(duration, 26 * hour, '26h', {
    doc: 'After how long without a run that succeeded it is told, by the next run that fails. When nothing runs at all nobody can tell: `joinery status --max-age` looks from outside.',
    example: '26h',
  }),
  remind: defaulted(duration, 24 * hour, '24h', { doc: 'How often what still holds is told again.', example: '3d' }),
});

export type NotifyValues = Values<typeof notifyFields.fields>;
