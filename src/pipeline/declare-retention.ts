import { defaulted, map, reportKind, type Kind } from './kind.ts';
import { duration } from './kinds.ts';

const day = 86_400_000;

/** Less would take away what an operation in flight and the next look at the logs still need. */
const daysAtLeast: Kind<number> = {
  ...duration,
  words: 'a length of time of a day or more, such as 30d',
  read(node, path, reading) {
    const value = duration.read(node, path, reading);
    return value === undefined || value >= day ? value : reportKind(reading, node, path, this.words);
  },
};

export const retentionFields = map({
  rows: defaulted(daysAtLeast, 30 * day, '30d', {
    doc: 'How long rows are kept as they were read, with what the mapping said of them. Counted from the end of the run; joinery purge erases what is older.',
    danger: 'explain shows columns and interim values of older runs no more.',
    example: '14d',
  }),
  payloads: defaulted(daysAtLeast, 180 * day, '180d', {
    doc: 'How long payloads of operations and plans, log rows, and reports are kept, and how long after the confirmed disable the payload of a leaver. Hashes, counts, kinds of change and times are kept for good.',
    danger: 'Old and new values of older runs are gone for everybody, auditors included.',
    example: '90d',
  }),
});
