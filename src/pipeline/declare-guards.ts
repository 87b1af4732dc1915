import type { Limit } from './pipeline.ts';
import { firstLimit, limit, shareOf } from './kind-limit.ts';
import { defaulted, map, record, section, type Field, type Fields, type MapKind, type RecordEntry } from './kind.ts';
import { choice, planAge, text, wholeNumber } from './kinds.ts';
import { entryOf } from './yaml-tree.ts';

const hour = 3_600_000;

/**
 * Conservative on purpose: a guard that stops wrongly costs a look and an approval, one that does not stop costs a morning. Floors keep small companies working, ceilings
 * keep a share of a large one from being a crowd.
 */
const guardDefaults = {
  leavers: { share: 0.02, atLeast: 10, atMost: 500 },
  joiners: { share: 0.1, atLeast: 50, atMost: 2_000 },
  enables: { share: 0.05, atLeast: 25, atMost: 1_000 },
  renames: { share: 0.01, atLeast: 10, atMost: 200 },
  rekeys: { share: 0.01, atLeast: 5, atMost: 100 },
  emptied: { share: 0.02, atLeast: 10, atMost: 500 },
  changes: { share: 0.2, atLeast: 50, atMost: 5_000 },
  rejections: { share: 0.05, atLeast: 10, atMost: 2_000 },
  keyless: { share: 0.005, atLeast: 5, atMost: 100 },
  population: { share: 0.05, atLeast: 10, atMost: 2_000 },
  groups: { by: 'department', share: 0.75, minimum: 20 },
  week: 3,
  firstJoiners: 100,
  firstRejections: { share: 0.01, atLeast: 0 },
} as const;

export const leaversFields = map({
  vanished: section(
    map({
      action: defaulted(choice(['disable', 'keep'] as const), 'disable', 'disable', {
        doc: 'What happens to a worker whose key the source no longer returns.',
        danger: 'keep leaves accounts enabled for people whom HR no longer knows.',
        example: 'disable',
      }),
      after: section(
        map({
          fullPasses: defaulted(wholeNumber(1, 1000), 2, '2', {
            doc: 'In how many complete, accepted passes in a row the key must be missing.',
            danger: '1 disables on the first pass that misses a row.',
            example: '2',
          }),
          hours: defaulted(wholeNumber(0, 8760), 24, '24', {
            doc: 'For how many hours the key must be missing; both must be reached.',
            example: '24',
          }),
        }),
        { doc: 'How long a worker must be missing.', example: '{ fullPasses: 2, hours: 24 }' },
      ),
    }),
    { doc: 'Workers whose key the source no longer returns.', example: '{ action: disable, after: { fullPasses: 2, hours: 24 } }' },
  ),
  outOfScope: defaulted(choice(['disable', 'keep'] as const), 'disable', 'disable', {
    doc: 'What happens to a worker for whom scope becomes false.',
    danger: 'keep leaves accounts enabled that no pipeline looks after.',
    example: 'disable',
  }),
});

/** `emptied: 2%` says it for every attribute in a word. */
function attributeLimits<F extends Fields>(fallback: Limit, more: F): MapKind<AttributeLimitFields & F> {
  const each = limit(fallback);
  const fields = map({
    each: defaulted(each, fallback, showLimit(fallback), {
      doc: 'The limit for each attribute that has none of its own, as a share of the enabled workers.',
      example: showLimit(fallback),
    }),
    attributes: defaulted(record('ATTRIBUTE', each), [], 'none', {
      doc: 'Limits of single attributes, named as in attributes (enterprise.department) or by the last name if it is unique (department).',
      example: '{ department: 10% }',
    }),
    ...more,
  });
  return {
    ...fields,
    words: `a limit for every attribute, or a map of fields (${Object.keys(fields.fields).join(', ')})`,
    schema: { anyOf: [each.schema, fields.schema] },
    read(node, path, reading) {
      const isShort = node.kind === 'scalar' || (node.kind === 'map' && entryOf(node, 'percent') !== undefined);
      if (!isShort) return fields.read(node, path, reading);
      const short = each.read(node, path, reading);
      const absent = fields.absent(path, node.range, reading);
      return short === undefined ? undefined : { ...absent, each: short };
    },
  };
}

/** A type and no interface: only a type has the index that fields need. */
// oxlint-disable-next-line typescript/consistent-type-definitions
export type AttributeLimitFields = {
  readonly each: Field<Limit>;
  readonly attributes: Field<readonly RecordEntry<Limit>[]>;
};

function showLimit({ share, atLeast, atMost }: Limit): string {
  const most = atMost === undefined ? '' : `, atMost: ${String(atMost)}`;
  return `{ percent: ${String(share * 100)}, atLeast: ${String(atLeast)}${most} }`;
}

function guard(fallback: Limit, docs: { readonly doc: string; readonly danger?: string; readonly example?: string }): Field<Limit> {
  return defaulted(limit(fallback), fallback, showLimit(fallback), { example: showLimit(fallback), ...docs });
}

const groupsFields = map({
  by: defaulted(text({ words: 'the name of an attribute' }), guardDefaults.groups.by, guardDefaults.groups.by, {
    doc: 'The attribute whose last confirmed value is the group of a worker. A pipeline that does not write the attribute has no groups.',
    example: 'department',
  }),
  share: defaulted(shareOf(0, 100), guardDefaults.groups.share, '75%', {
    doc: 'The share of the enabled workers of a group in which one attribute may change. The attribute that makes the groups is left out: a group may be renamed.',
    example: '75%',
  }),
  minimum: defaulted(wholeNumber(2, 1_000_000), guardDefaults.groups.minimum, '20', {
    doc: 'Groups with fewer enabled workers than this are not looked at.',
    danger: 'A small number stops runs for every team that moves.',
    example: '20',
  }),
});

export const guardsFields = map({
  leavers: guard(guardDefaults.leavers, {
    doc: 'How many accounts may be disabled, as a share of the enabled workers; cancelled pre-hires count too. As every guard of changes it measures this run together with what was sent in the last 24 hours, and with a wider limit in the last 7 days: see week.',
    danger: "A broken join in HR looks like a mass leaving; this guard is what stands between it and everybody's account.",
  }),
  joiners: guard(guardDefaults.joiners, {
    doc: 'How many accounts may be created, enabled or not, as a share of the enabled workers.',
    danger: 'A key that changes its form creates everybody a second time.',
  }),
  enables: guard(guardDefaults.enables, {
    doc: 'How many accounts that exist may be enabled (first activations and rehires), as a share of the enabled workers.',
    danger: 'A status or an end date that is lost in HR enables people who left.',
  }),
  renames: guard(guardDefaults.renames, {
    doc: 'How many workers may get another userName, as a share of the enabled workers.',
    danger: 'People sign in with it, and mail and licences of other systems may hang on it.',
  }),
  rekeys: guard(guardDefaults.rekeys, {
    doc: 'How many new rekey cases (somebody new who is probably known under another key) a run may find, as a share of the enabled workers.',
    danger: 'Many at once are a company that was given new numbers: everybody would be a joiner and a leaver.',
  }),
  emptied: section(attributeLimits(guardDefaults.emptied, {}), {
    doc: 'For how many workers one attribute may be emptied (cleared or omitted where it had a value), as a share of the enabled workers; each attribute by itself. An attribute with empty: keep is never emptied.',
    danger: 'A column that turned NULL empties an attribute for everybody.',
    example: '{ each: 2%, attributes: { department: 0 } }',
  }),
  changes: section(
    attributeLimits(guardDefaults.changes, {
      groups: section(groupsFields, {
        doc: 'The same for groups of workers: an attribute that changes for nearly all of one department is seldom meant, and too few to be seen in the whole.',
        example: '{ by: department, share: 75%, minimum: 20 }',
      }),
    }),
    {
      doc: 'For how many known workers one attribute may change, as a share of the enabled workers; each attribute by itself. active and userName have guards of their own.',
      danger: 'A shifted join gives everybody the title of somebody else.',
      example: '{ each: 20%, attributes: { displayName: 5% } }',
    },
  ),
  rejections: guard(guardDefaults.rejections, {
    doc: 'How many workers may be rejected, fresh and standing, as a share of the keys read.',
    example: '5%',
  }),
  keyless: guard(guardDefaults.keyless, {
    doc: 'How many rows may be without a key, as a share of the keys read.',
    danger: 'Nobody knows whom they are about, so nobody vanishes while there is one.',
  }),
  population: guard(guardDefaults.population, {
    doc: 'By how much the number of keys may shrink against the last accepted run, and against the largest accepted run of the last 24 hours. An empty source always stops, and so does a column that is not returned.',
    danger: 'An empty or half-filled view shrinks the population before anybody has left.',
    example: '5%',
  }),
  week: defaulted(wholeNumber(1, 100), guardDefaults.week, '3', {
    doc: 'How many times its limit a guard allows within 7 days. Within 24 hours it allows the limit itself.',
    danger: 'What is sent in small portions is seen only by this.',
    example: '3',
  }),
  first: section(
    map({
      joiners: defaulted(firstLimit, guardDefaults.firstJoiners, '100', {
        doc: 'How many accounts the first run may create: a count, or a share of the keys read.',
        danger: 'The first run creates everybody; state the number you expect.',
        example: '6000',
      }),
      rejections: defaulted(firstLimit, guardDefaults.firstRejections, '1%', {
        doc: 'How many workers the first run may reject: a count, or a share of the keys read.',
        example: '1%',
      }),
    }),
    { doc: 'Limits of the first run, which has nothing to compare with.', example: '{ joiners: 6000, rejections: 1% }' },
  ),
});

export const planFields = map({
  maxAge: defaulted(planAge, 24 * hour, '24h', {
    doc: 'A plan older than this is refused by apply; at most 30d.',
    danger: 'An old plan sends what was true then.',
    example: '24h',
  }),
});
