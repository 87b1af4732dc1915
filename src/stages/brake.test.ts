import { describe, expect, it } from 'vitest';
import { brakeVerdict } from './brake.ts';

const limits = { failed: { share: 0.05, atLeast: 1 } };

describe('the brake', () => {
  it('holds when more than the share of the known outcomes is bad, and counts neither what is open nor what was overtaken', () => {
    expect(brakeVerdict({ applied: 95, failed: 5, open: 900, superseded: 9 }, limits)).toEqual({ known: 100, bad: 5 });
    expect(brakeVerdict({ applied: 94, failed: 6 }, limits).failed).toBe('6 of 100 outcomes are bad (6 failed), more than 5');
  });

  it('counts what was skipped, went silent or is retried by the service as bad, and a warning as good', () => {
    const { failed, bad } = brakeVerdict({ appliedWithWarning: 7, skipped: 1, silent: 1, escrowed: 1 }, limits);
    expect({ failed, bad }).toEqual({ bad: 3, failed: '3 of 10 outcomes are bad (1 skipped, 1 escrowed, 1 silent), more than 1' });
  });

  it('lets one bad outcome pass however few there are', () => {
    expect(brakeVerdict({ applied: 1, failed: 1 }, limits).failed).toBeUndefined();
    expect(brakeVerdict({ failed: 2 }, limits).failed).toBeDefined();
  });
});
