import { describe, expect, it } from 'vitest';
import { compareSchema, type SentAttributes } from './compare-schema.ts';
import type { JobSchema, SchemaMapping } from './job-schema.ts';

const urn = 'urn:ietf:params:scim:schemas:extension:contoso:1.0:User';

function mapping(source: string, target: string, more: Partial<SchemaMapping> = {}): SchemaMapping {
  return { target, sources: [source], expression: `[${source}]`, matchingPriority: 0, flowType: 'Always', ...more };
}

const attribute = (name: string, type = 'String', flowNullValues = false): JobSchema['sources'][number] => ({ name, type, flowNullValues });

/** A job that takes title and nothing but what is always sent. */
const whole: JobSchema = {
  sources: [attribute('externalId'), attribute('active', 'Boolean'), attribute('title'), attribute(`${urn}:Day`)],
  targets: [],
  mappings: [
    mapping('externalId', 'employeeId', { matchingPriority: 1 }),
    mapping('active', 'accountEnabled'),
    mapping('title', 'jobTitle'),
    mapping(`${urn}:Day`, 'employeeHireDate'),
  ],
  flowTypes: 'Add, Update, Delete',
  scope: [],
  place: { directory: 0, object: 0 },
  rule: 0,
  objectMapping: 0,
};

function found(schema: Partial<JobSchema>, paths: readonly string[] = ['title'], sink: Partial<SentAttributes['sink']> = {}): string[] {
  return compareSchema({ paths, sink: { clearing: [], extensions: {}, ...sink } }, { ...whole, ...schema }).map(
    ({ code, severity, message }) => `${severity} ${code} ${message}`,
  );
}

const without = (target: string): SchemaMapping[] => whole.mappings.filter((one) => one.target !== target);
const typed = (name: string, type: string): JobSchema['sources'] =>
  whole.sources.map((one) => (one.name === name ? attribute(name, type) : one));

describe('pipeline and job agree', () => {
  it('when everything that is sent is known, mapped and of its type', () => {
    expect(found({})).toEqual([]);
    expect(found({}, ['title', `${urn}:Day`], { extensions: { [urn]: { Day: 'dateTime' } } })).toEqual([]);
  });

  it('whatever the case in which the job names an attribute', () => {
    expect(found({}, ['Title'])).toEqual([]);
  });

  it('on active as a text, which the service reads', () => {
    expect(found({ sources: typed('active', 'String') })).toEqual([]);
  });
});

describe('pipeline and job disagree, and it is told', () => {
  it.each<[string, ReturnType<typeof found>, RegExp]>([
    ['an attribute that the job does not have', found({}, ['nickName']), /^warning ENT-605 nickName .*does not have it/],
    ['a custom one that it does not have', found({}, [`${urn}:Badge`]), /^error ENT-605 .*:Badge .*does not have it/],
    ['one that no mapping reads', found({ mappings: without('jobTitle') }), /^warning ENT-605 title .*no mapping reads it/],
    ['active, which no mapping reads', found({ mappings: without('accountEnabled') }), /^error ENT-605 active/],
    ['active as a number', found({ sources: typed('active', 'Integer') }), /^error ENT-606 active is declared as boolean .* as Integer/],
    ['a home address', found({}, ['addresses[type eq "home"].locality']), /^warning ENT-606 .*home is ignored/],
    [
      'another type of a custom attribute',
      found({ sources: typed(`${urn}:Day`, 'Boolean') }, [`${urn}:Day`], { extensions: { [urn]: { Day: 'dateTime' } } }),
      /^error ENT-606 .*declared as dateTime in the pipeline and as Boolean/,
    ],
    [
      'something else than a date for a date',
      found({}, [`${urn}:Day`], { extensions: { [urn]: { Day: 'boolean' } } }),
      /^error ENT-606 .*employeeHireDate takes a date with time and zone only/,
    ],
    ['a target that cannot be set', found({ mappings: [...whole.mappings, mapping('title', 'mail')] }), /^warning ENT-606 .*mail, which/],
    ['clearing that the job is not set to do', found({}, ['title'], { clearing: ['title'] }), /^warning ENT-607 clearing names title/],
    [
      'null values that flow and are not meant to clear',
      found({ sources: [...typed('title', 'String').filter(({ name }) => name !== 'title'), attribute('title', 'String', true)] }),
      /^warning ENT-626 flowNullValues of title/,
    ],
    [
      'another matching attribute',
      found({
        mappings: [
          ...without('employeeId'),
          mapping('externalId', 'employeeId'),
          mapping('title', 'mailNickname', { matchingPriority: 1 }),
        ],
      }),
      /^warning ENT-605 .*not match workers by externalId but by title → mailNickname/,
    ],
    [
      'another matching target',
      found({ mappings: [...without('employeeId'), mapping('externalId', 'extensionName', { matchingPriority: 1 })] }),
      /^warning ENT-605 .*externalId → extensionName; Joinery looks for them by employeeId/,
    ],
    ['a scoping filter', found({ scope: ['title EQUALS Analyst'] }), /^notice ENT-605 .*title EQUALS Analyst/],
    ['no updates', found({ flowTypes: 'Add, Delete' }), /^error ENT-605 .*leaves out Update: changes and leavers never arrive/],
    ['no creates', found({ flowTypes: 'Update' }), /^error ENT-605 .*leaves out Add: joiners/],
    [
      'a value that flows once',
      found({ mappings: [...without('jobTitle'), mapping('title', 'jobTitle', { flowType: 'ObjectAddOnly' })] }),
      /^notice ENT-605 title → jobTitle flows at creation only/,
    ],
  ])('%s', (_name, findings, words) => {
    expect(findings).toEqual([expect.stringMatching(words)]);
  });

  it('not where null values flow of an attribute that is listed under clearing, or that nothing reads', () => {
    const sources = [
      ...whole.sources.filter(({ name }) => name !== 'title'),
      attribute('title', 'String', true),
      attribute('locale', 'String', true),
    ];
    expect(found({ sources }, ['title'], { clearing: ['title'] })).toEqual([]);
  });
});
