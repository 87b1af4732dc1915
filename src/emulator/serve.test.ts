import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runEmulatorServer, parseLatency } from './index.ts';

async function serve(options: Parameters<typeof runEmulatorServer>[0]): Promise<{ text: string; stop: () => Promise<void> }> {
  const abort = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const text = await new Promise<string>((resolve, reject) => {
    running = runEmulatorServer(options, { write: resolve, signal: abort.signal });
    running.catch(reject);
  });
  return {
    text,
    stop: () => {
      abort.abort();
      return running;
    },
  };
}

describe('the emulator as a server', () => {
  it('prints one JSON line with everything that a client needs, and ends with the signal', async () => {
    const data = mkdtempSync(join(tmpdir(), 'emulator-'));
    const { text, stop } = await serve({ json: true, latency: '0', licence: 'governance', data });
    const line = JSON.parse(text);
    expect(text).toBe(`${JSON.stringify(line)}\n`);
    expect(Object.keys(line)).toEqual([
      'origin',
      'tenantId',
      'clientId',
      'clientSecret',
      'servicePrincipalId',
      'jobId',
      'tokenUrl',
      'bulkUploadUrl',
    ]);
    const body = new URLSearchParams({
      client_id: line.clientId,
      client_secret: line.clientSecret,
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
    });
    expect((await fetch(line.tokenUrl, { method: 'POST', body })).status).toBe(200);
    await stop();
    await expect(fetch(line.tokenUrl)).rejects.toThrow(TypeError);
    const again = await serve({ json: true, data });
    expect(JSON.parse(again.text)).toMatchObject({ tenantId: line.tenantId, clientSecret: line.clientSecret, jobId: line.jobId });
    await again.stop();
    rmSync(data, { recursive: true });
  });

  it('tells people the same in lines', async () => {
    const { text, stop } = await serve({});
    expect(text).toMatch(/Nothing here is a real tenant\.\n {2}origin +http:\/\/127\.0\.0\.1:\d+\n/);
    await stop();
  });

  it('refuses a taken port, a licence and a latency that are none', async () => {
    const { text, stop } = await serve({ json: true });
    const port = Number(new URL(JSON.parse(text).origin).port);
    await expect(serve({ port })).rejects.toMatchObject({ code: 'EMU-101' });
    await expect(serve({ licence: 'p2' })).rejects.toMatchObject({ code: 'EMU-105' });
    await expect(serve({ latency: 'soon' })).rejects.toMatchObject({ code: 'EMU-105' });
    await expect(serve({ sharedClock: 'noon' })).rejects.toMatchObject({ code: 'EMU-105' });
    await stop();
  });

  it('reads latencies with their unit', () => {
    expect(['0', '250', '500ms', '5s', '1.5m', '1h'].map(parseLatency)).toEqual([0, 250, 500, 5_000, 90_000, 3_600_000]);
  });
});
