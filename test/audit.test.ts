import { afterAll, beforeAll, describe } from 'vitest';
import { describeFigures } from './audit-figures.ts';
import { openOffice, type Office } from './audit-office.ts';
import { describePages } from './audit-pages.ts';

/** One office for everything that analysts look at: two HR days are dear to run. */
describe('two HR days on which things go wrong', () => {
  let office: Office | undefined;
  beforeAll(async () => {
    office = await openOffice();
  });
  afterAll(async () => {
    await office?.close();
  });

  const opened = (): Office => {
    if (office === undefined) throw new Error('the office is not open');
    return office;
  };
  describeFigures(opened);
  describePages(opened);
});
