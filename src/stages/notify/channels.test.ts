import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../../../test/certificate.ts';
import { Secret } from '../../domain/masking.ts';
import { VirtualClock } from '../../domain/virtual-clock.ts';
import { openCommand } from './command.ts';
import { notificationOf } from './notification.ts';
import { openSmtp } from './smtp.ts';
import { openWebhook } from './webhook.ts';

const clock = new VirtualClock('2026-11-02T07:00:00Z');
const notification = notificationOf(
  'raised',
  {
    pipeline: 'contoso',
    name: 'guard',
    signature: 'leavers',
    since: clock.now(),
    run: '20261102T070000Z-1f3a07',
    figures: { leavers: 40 },
    told: {},
  },
  clock.now(),
);

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'joinery-notify-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one status after the other, the last for ever; 0: breaks the connection. */
async function receiver(...statuses: readonly number[]): Promise<{ readonly url: Secret; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(request);
      received.push({ headers: request.headers, body });
      const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('no: key-of-the-receiver');
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: new Secret('notify.webhook.url', `http://127.0.0.1:${String(port)}/hooks/key-of-the-receiver`), received };
}

describe('a webhook', () => {
  const signature = new Secret('notify.webhook.signature', 'a key of ours');
  const authorization = new Secret('notify.webhook.authorization', 'Bearer abc-def-ghi');

  it('is told as JSON, signed over time and body, and with the header that it wants', async () => {
    const { url, received } = await receiver(204);
    expect(await openWebhook({ url, signature, authorization, timeout: 60_000 }, clock).tell(notification)).toBeUndefined();
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(JSON.parse(body)).toEqual(notification);
    expect(headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer abc-def-ghi' });
    const [, seconds = '', hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['joinery-signature'])) ?? [];
    expect(Number(seconds) * 1000).toBe(clock.now());
    expect(hex).toBe(createHmac('sha256', 'a key of ours').update(`${seconds}.${body}`).digest('hex'));
  });

  it('is tried again when nobody answers or the receiver is in trouble, three times in all', async () => {
    const healing = await receiver(0, 503, 200);
    expect(await openWebhook({ url: healing.url, timeout: 60_000 }, clock).tell(notification)).toBeUndefined();
    expect(healing.received).toHaveLength(3);
    const broken = await receiver(500);
    expect(await openWebhook({ url: broken.url, timeout: 60_000 }, clock).tell(notification)).toBe('it answered 500');
    expect(broken.received).toHaveLength(3);
  });

  it.each([404, 302, 401])('that answers %i is not tried again, and its reason names no secret', async (status) => {
    const { url, received } = await receiver(status);
    expect(await openWebhook({ url, timeout: 60_000 }, clock).tell(notification)).toBe(`it answered ${String(status)}`);
    expect(received).toHaveLength(1);
  });
});

describe('mail', () => {
  /** `localhost` with a certificate of its own authority; keeps what it was sent. */
  async function mailServer(secure = false): Promise<{ readonly port: number; readonly authority: string; readonly mails: string[] }> {
    const { certificate, key } = makeCertificate(new Date('2020-01-01'), new Date('2100-01-01'), 'localhost');
    const authority = join(await temporary(), 'authority.pem');
    await writeFile(authority, certificate);
    const mails: string[] = [];
    const server = new SMTPServer({
      secure,
      cert: certificate,
      key,
      onAuth({ username, password }, _session, done) {
        if (username === 'joinery' && password === 'pass-word') done(null, { user: username });
        else done(new Error('535 wrong: pass-word-of-somebody'));
      },
      onData(stream, session, done) {
        const keep = async (): Promise<void> => {
          const mail = await text(stream);
          mails.push(
            `${session.secure ? 'encrypted' : 'open'} ${session.envelope.rcptTo.map(({ address }) => address).join(',')}\n${mail}`,
          );
          done();
        };
        void keep();
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
        }),
    );
    const address = server.server.address();
    return { port: typeof address === 'object' && address !== null ? address.port : 0, authority, mails };
  }
  const base = {
    host: 'localhost',
    from: 'joinery@contoso.example',
    to: ['ops@contoso.example', 'hr-it@contoso.example'],
    timeout: 60_000,
    user: 'joinery',
    password: new Secret('notify.smtp.password', 'pass-word'),
  };

  it.each([
    ['starttls', false],
    ['tls', true],
  ] as const)('goes out encrypted with %s, to everybody, and says what, where and what to do', async (security, secure) => {
    const { port, authority, mails } = await mailServer(secure);
    expect(await openSmtp({ ...base, port, security, authority }).tell(notification)).toBeUndefined();
    const [mail = ''] = mails;
    expect(mail).toContain('encrypted ops@contoso.example,hr-it@contoso.example');
    for (const part of [
      'Subject: joinery contoso: a guard stopped the plan',
      'Auto-Submitted: auto-generated',
      '20261102T070000Z-1f3a07',
      'leavers 40',
      'joinery approve',
    ]) {
      expect(mail.replaceAll('=\r\n', '')).toContain(part);
    }
  });

  it('is not sent to a server whose certificate nobody vouches for, nor without encryption', async () => {
    const { port, mails } = await mailServer();
    expect(await openSmtp({ ...base, port, security: 'starttls' }).tell(notification)).toMatch(/self.signed certificate/);
    const open = await mailServer();
    const plain = new SMTPServer({ disabledCommands: ['STARTTLS'], authOptional: true });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(
      () =>
        new Promise<void>((resolve) => {
          plain.close(() => resolve());
        }),
    );
    const address = plain.server.address();
    const plainPort = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await openSmtp({ ...base, port: plainPort, security: 'starttls' }).tell(notification)).toMatch(/STARTTLS/);
    expect([...mails, ...open.mails]).toEqual([]);
  });

  it('that is refused says why without the password', async () => {
    const { port, authority } = await mailServer();
    const password = new Secret('notify.smtp.password', 'pass-word-of-somebody');
    const reason = await openSmtp({ ...base, port, authority, security: 'starttls', password }).tell(notification);
    expect(reason).toContain('535');
    expect(reason).not.toContain('pass-word-of-somebody');
  });
});

describe('a command', () => {
  const node = process.execPath;

  it('gets the notification on its standard input, words as they are, and nothing of our secrets', async () => {
    const file = join(await temporary(), 'told.json');
    const script = `let t=''; process.stdin.on('data', (d) => t += d).on('end', () => require('fs').writeFileSync(process.argv[1], JSON.stringify({ told: JSON.parse(t), words: process.argv.slice(2), secret: process.env.HR_DATABASE_URL ?? null })))`;
    const channel = openCommand(
      { program: node, words: ['-e', script, file, '$(date) ; x'], timeout: 60_000 },
      { PATH: process.env['PATH'], HR_DATABASE_URL: 'postgres://x' },
    );
    expect(await channel.tell(notification)).toBeUndefined();
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ told: notification, words: ['$(date) ; x'], secret: null });
  });

  it('that fails, does not exist or does not end is a reason and nothing more', async () => {
    const failing = openCommand({ program: node, words: ['-e', 'console.error("no pager"); process.exit(3)'], timeout: 60_000 });
    expect(await failing.tell(notification)).toContain('ended with 3: no pager');
    expect(await openCommand({ program: '/nowhere/pager', words: [], timeout: 60_000 }).tell(notification)).toContain('cannot be started');
    const endless = openCommand({ program: node, words: ['-e', 'setInterval(() => 1, 1000)'], timeout: 300 });
    expect(await endless.tell(notification)).toContain('was killed');
  });

  it('that fails is heard to its end, also when what it started says why only after it', async () => {
    // Says it when it has a new parent.
    const orphan = `const timer = setInterval(() => {
        if (String(process.ppid) === process.argv[1]) return;
        clearInterval(timer);
        process.stderr.write('no pager\\n');
      }, 1);`;
    const script = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', ${JSON.stringify(orphan)}, String(process.pid)], { detached: true, stdio: ['ignore', 'ignore', 'inherit'] }).once('spawn', () => process.exit(3));`;
    const failing = openCommand({ program: node, words: ['-e', script], timeout: 60_000 });
    expect(await failing.tell(notification)).toContain('ended with 3: no pager');
  });
});
