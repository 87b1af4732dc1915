import { createHmac } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { scrubText } from '../../domain/masking.ts';
import { openDispatcher } from '../../entra/dispatcher.ts';
import { exchange, type Exchange } from '../../entra/exchange.ts';
import type { NotifyDeclaration } from '../../pipeline/pipeline.ts';
import type { Channel } from './channel.ts';

/** Pauses before the second and the third try, ms. What was received twice is recognised by run, condition and kind. */
const pauses = [2_000, 10_000] as const;
const loopback = /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/;

/** Posts the notification as JSON. Redirects are not followed: the secret must not travel. */
export function openWebhook(declared: NonNullable<NotifyDeclaration['webhook']>, clock: Clock): Channel {
  const { url: address, signature, authorization, timeout } = declared;
  const hidden = [address, ...(signature === undefined ? [] : [signature]), ...(authorization === undefined ? [] : [authorization])];
  return {
    name: 'webhook',
    async tell(notification) {
      const url = new URL(address.reveal());
      const body = JSON.stringify(notification);
      const seconds = String(Math.floor(clock.now() / 1000));
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'joinery',
        ...(authorization === undefined ? {} : { authorization: authorization.reveal() }),
        ...(signature === undefined ? {} : { 'joinery-signature': `t=${seconds},v1=${sign(signature.reveal(), seconds, body)}` }),
      };
      const dispatcher = openDispatcher({ connections: 1, direct: loopback.test(url.hostname) });
      try {
        for (let attempt = 0; ; attempt++) {
          const answer = await exchange(dispatcher, {
            url,
            method: 'POST',
            headers,
            body,
            headersTimeout: timeout,
            bodyTimeout: timeout,
            maximumBody: 65_536,
            signal: AbortSignal.timeout(timeout),
          });
          if (answer.kind === 'answered' && answer.status >= 200 && answer.status < 300) return undefined;
          const pause = pauses[attempt];
          if (pause === undefined || !isPassing(answer)) return scrubText(reasonOf(answer), hidden);
          await clock.sleep(pause);
        }
      } finally {
        await dispatcher.destroy();
      }
    },
  };
}

function sign(key: string, seconds: string, body: string): string {
  return createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex');
}

/** Worth another try: nobody answered, or the receiver says that it is busy or in trouble. */
function isPassing(answer: Exchange): boolean {
  return answer.kind !== 'answered' || answer.status === 429 || answer.status >= 500;
}

function reasonOf(answer: Exchange): string {
  if (answer.kind === 'answered') return `it answered ${String(answer.status)}`;
  return answer.aborted ? 'no answer in time' : answer.reason;
}
