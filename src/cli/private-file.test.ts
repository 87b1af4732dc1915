import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { JoineryError } from '../domain/error.ts';
import { writePrivate, writePrivatePieces } from './private-file.ts';

describe('a file for the owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'joinery-private-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is closed to others also where it was there before and open to them', async () => {
    const path = join(folder, 'old.csv');
    writeFileSync(path, 'something longer than what comes');
    chmodSync(path, 0o644);
    expect(await writePrivate(path, 'short')).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('short');
    expect(process.platform === 'win32' ? 0o600 : statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is not left behind half-written, whatever stopped the rows', async () => {
    const path = join(folder, 'half.csv');
    async function* rows(): AsyncGenerator<string> {
      yield await Promise.resolve('first');
      throw new JoineryError('AUD-101', 'no more');
    }
    await expect(writePrivatePieces(path, rows())).rejects.toMatchObject({ code: 'AUD-101' });
    expect(existsSync(path)).toBe(false);
  });

  it('cannot be a folder, which is said and left alone', async () => {
    await expect(writePrivate(folder, 'text')).rejects.toMatchObject({ code: 'CLI-102', message: expect.stringContaining('EISDIR') });
    expect(existsSync(folder)).toBe(true);
  });

  it.runIf(existsSync('/dev/full'))('may be a device: one that is full is told of and not removed', async () => {
    await expect(writePrivate('/dev/full', 'x'.repeat(100_000))).rejects.toMatchObject({
      code: 'CLI-102',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(existsSync('/dev/full')).toBe(true);
    expect(await writePrivate('/dev/null', 'text')).toBe('/dev/null');
  });
});
