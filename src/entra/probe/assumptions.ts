/** What an assumption is about: the emulator’s switch of that name. */
export const assumptions = {
  operationsPerRequest: {
    ours: 50,
    words: 'a call takes 50 operations, and is refused as a whole with more',
    danger: 'None: Joinery goes on sending 50 at most, as documented.',
  },
  badRequestCode: {
    ours: 'BadRequest',
    words: 'the 400 of an upload has the code BadRequest',
    danger: 'None: Joinery decides by status and text.',
  },
  requireEnterpriseSchema: {
    ours: false,
    words: 'a record may name the core schema alone',
    danger: 'None: Joinery names both schemas in every record.',
  },
  locationVersion: {
    ours: 'beta',
    words: 'the location of a 202 is an address of beta',
    danger: 'None: Joinery asks the logs of v1.0 by itself.',
  },
  operationOrder: {
    ours: 'random',
    words: 'operations are not processed in the order of the call',
    danger: 'None while it stays so: nothing may be built on an order that no document promises.',
  },
  duplicateExternalId: {
    ours: 'lastWins',
    words: 'of several versions of a worker in one call the last one wins',
    danger: 'None: Joinery sends one version of a worker at a time. Other clients of the job may lose changes.',
  },
  activeOmitted: {
    ours: 'disable',
    words: 'a record without active disables the account',
    danger: 'None: Joinery sends active in every record.',
  },
  inactiveUnknown: {
    ours: 'create',
    words: 'an inactive worker whom nobody knows is created as a disabled account',
    danger: 'None: Joinery does not send these.',
  },
  flowNullValues: {
    ours: [],
    words: 'null and "" of an attribute do not clear it: the attribute is not set to flow empty',
    danger: 'An attribute that comes out empty is cleared. List it under sink.clearing, or leave empty: keep.',
  },
  clearingMappings: {
    ours: [],
    words: 'null and "" of an attribute do not clear it: the mapping is not set to clear',
    danger: 'An attribute that comes out empty is cleared. List it under sink.clearing, or leave empty: keep.',
  },
  managerHeals: {
    ours: false,
    words: 'a manager who could not be set stays unset until the record is sent again',
    danger: 'None but a call too many: Joinery sends the worker once more by itself.',
  },
  redundantUpdates: {
    ours: false,
    words: 'an unchanged record is logged as skipped, not as an update',
    danger: 'Outcomes of unchanged workers are told as applied.',
  },
  unchangedRows: {
    ours: 'always',
    words: 'an unchanged record has a row in the logs',
    danger: 'Workers who were sent again without a change go silent, and are sent once more after that.',
  },
  rowsPerChange: {
    ours: 'several',
    words: 'a change has several rows with one changeId',
    danger: 'None: Joinery reads whole groups, of one row too.',
  },
  statusInfoFilter: {
    ours: 'beta',
    words: 'statusInfo/status may be filtered on in beta, and not in v1.0',
    danger: 'None: Joinery filters by job and time only.',
  },
  provisioningStatusFilter: {
    ours: false,
    words: 'provisioningStatusInfo/status may not be filtered on',
    danger: 'None: Joinery filters by job and time only.',
  },
  logPageSize: {
    ours: 1_000,
    words: 'the logs give 1,000 rows on a page',
    danger: 'The logs refuse Joinery’s question. Report it: reconcile cannot read this tenant.',
  },
  createdUserVisible: {
    ours: 'afterRow',
    words: 'a created account shows under /users later than its row in the logs',
    danger: 'None: Joinery takes outcomes from the logs.',
  },
} as const satisfies Readonly<
  Record<string, { readonly ours: string | number | boolean | readonly string[]; readonly words: string; readonly danger: string }>
>;

export type AssumptionName = keyof typeof assumptions;
export type Observed = string | number | boolean | readonly string[];
/** What was seen, by assumption. A member that is missing was not seen either way. */
export type Observations = { readonly [name in AssumptionName]?: Observed };

export interface Contradiction {
  readonly name: AssumptionName;
  readonly ours: Observed;
  readonly found: Observed;
  readonly words: string;
  readonly danger: string;
}

export const assumptionNames = Object.keys(assumptions) as AssumptionName[]; // oxlint-disable-line typescript/no-unsafe-type-assertion -- Object.keys forgets the names of a closed object

/** The assumptions that what was seen contradicts, in the order of the table. Pure. */
export function contradictionsOf(observations: Observations): readonly Contradiction[] {
  return assumptionNames.flatMap((name) => {
    const found = observations[name];
    const { ours, words, danger } = assumptions[name];
    return found === undefined || JSON.stringify(found) === JSON.stringify(ours) ? [] : [{ name, ours, found, words, danger }];
  });
}
