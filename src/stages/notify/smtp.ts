import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { scrubText } from '../../domain/masking.ts';
import type { NotifyDeclaration } from '../../pipeline/pipeline.ts';
import type { Channel } from './channel.ts';
import { mailText } from './notification.ts';

/** One mail to all recipients in one connection. One try: a mail server queues by itself once it has the mail, and the next run tries again. */
export function openSmtp(declared: NonNullable<NotifyDeclaration['smtp']>): Channel {
  const { host, port, security, authority, user, password, from, to, timeout } = declared;
  return {
    name: 'smtp',
    async tell(notification) {
      try {
        const [{ createTransport }, own] = await Promise.all([
          import('nodemailer'),
          authority === undefined ? undefined : readFile(authority, 'utf8'),
        ]);
        const transport = createTransport({
          host,
          port,
          secure: security === 'tls',
          requireTLS: security === 'starttls',
          ignoreTLS: security === 'none',
          tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(own === undefined ? {} : { ca: [...rootCertificates, own] }) },
          connectionTimeout: timeout,
          greetingTimeout: timeout,
          socketTimeout: timeout,
          dnsTimeout: timeout,
          // Nothing of ours is read from files or fetched.
          disableFileAccess: true,
          disableUrlAccess: true,
          ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password.reveal() } }),
        });
        const { subject, text } = mailText(notification);
        const headers = { 'Auto-Submitted': 'auto-generated', 'X-Joinery-Condition': notification.condition ?? notification.kind };
        try {
          await within(timeout, transport.sendMail({ from, to: [...to], subject, text, headers }));
        } finally {
          transport.close();
        }
        return undefined;
      } catch (error) {
        return scrubText(error instanceof Error ? error.message : String(error), password === undefined ? [] : [password]);
      }
    },
  };
}

/** A server that answers each line just in time would take for ever. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
