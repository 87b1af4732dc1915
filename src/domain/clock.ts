/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Time is a parameter. `sleep` rejects with the signal's reason when it is aborted, and then has not moved anything. */
export interface Clock {
  now(): Instant;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      // setTimeout fires at once above 2^31 - 1 ms; nobody here sleeps for 24 days, so the bound only protects from a defect.
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(Math.max(0, milliseconds), 2_147_483_647),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** The calendar day of an instant in a zone: `2026-11-22`. */
export function dayIn(zone: string, instant: Instant): string {
  // Without the calendar of Intl, which takes Node some 30 ms when it is first asked.
  if (zone === 'UTC' || zone === 'Etc/UTC') return formatInstant(instant).slice(0, 10);
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, calendar: 'iso8601', year: 'numeric', month: '2-digit', day: '2-digit' });
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return ['year', 'month', 'day'].map((part) => parts.get(part as 'year') ?? '').join('-'); // oxlint-disable-line typescript/no-unsafe-type-assertion -- all three are parts of a date
}

/** `2026-11-22T08:00:00.000Z` */
export function formatInstant(instant: Instant): string {
  return new Date(instant).toISOString();
}
