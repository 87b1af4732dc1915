import { expect, it } from 'vitest';
import { exchangeOf } from '../scripts/graph-calls-page.ts';
import { recordCalls } from '../scripts/record-calls.ts';
import { Secret } from '../src/domain/masking.ts';
import { VirtualClock } from '../src/domain/virtual-clock.ts';
import { startEmulator } from '../src/emulator/index.ts';
import { callOf, graphCalls } from '../src/entra/calls.ts';
import { openGraph } from '../src/entra/graph.ts';
import { openTokens } from '../src/entra/tokens.ts';

it('records a pair of every call that the client can make, and makes no other', async () => {
  const { exchanges } = await recordCalls();
  const lacking = graphCalls.filter((call) => exchangeOf(call, exchanges) === undefined);
  expect(lacking).toEqual([]);
  const foreign = exchanges.filter(
    ({ method, path }) => !path.includes('/oauth2/') && callOf(method, path.split('?')[0] ?? '') === undefined,
  );
  expect(foreign).toEqual([]);
});

it('sends no token with a call that is not one of ours, even to Graph’s own host', async () => {
  const clock = new VirtualClock('2026-11-23T08:00:00Z');
  const emulator = await startEmulator({ clock });
  const cloud = { name: 'emulator', login: emulator.origin, graph: emulator.origin } as const;
  const sink = { tenant: emulator.tenantId, cloud, servicePrincipal: emulator.servicePrincipalId, job: emulator.jobId };
  const auth = { client: emulator.clientId, secret: new Secret('SECRET', emulator.clientSecret) };
  const tokens = openTokens({ ...sink, auth }, { clock });
  const graph = openGraph(sink, tokens, { clock });
  const stranger = graph.send({ method: 'POST', location: `${emulator.origin}/v1.0/users` });
  await expect(stranger).rejects.toMatchObject({ code: 'ENT-201', message: expect.stringContaining('POST /v1.0/users') });
  expect(emulator.stats.tokens).toBe(0);
  await graph.close();
  await tokens.close();
  await emulator.close();
});

it('tells calls apart by method and place', () => {
  expect(callOf('GET', '/v1.0/users/$count')).toBe(callOf('GET', '/v1.0/users/x'));
  expect(callOf('GET', '/beta/auditLogs/provisioning/')?.words).toBe('Read the provisioning logs');
  expect(callOf('DELETE', '/v1.0/servicePrincipals/x/synchronization/jobs/y')).toBeUndefined();
  expect(callOf('GET', '/v1.0/servicePrincipals/x/synchronization/jobs/y/schema/functions')).toBeUndefined();
});
