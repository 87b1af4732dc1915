/** A pain of users of the service and what stands against it: test cases by file and name, or why it is no goal. Source of the list: graph-contract section 7. */
export interface Pain {
  readonly number: number;
  readonly pain: string;
  readonly source: string;
  /** What Joinery does, in a sentence. */
  readonly does: string;
  /** File and the title, or the name of the row, of a test. */
  readonly tests: readonly (readonly [file: string, title: string])[];
  /** Why (a part of) it is no goal. */
  readonly nonGoal?: string;
}

const onPremises =
  'On-premises Active Directory as a target has other attribute rules, needs the agent, and cannot be emulated: a job of the kind API2AD is refused with that message.';
const refused = ['src/entra/job.test.ts', 'refuses another kind of job and another tenant’s'] as const;

export const pains: readonly Pain[] = [
  {
    number: 1,
    pain: 'Leaving out `active` disables accounts',
    source: 'AzureAD/entra-id-inbound-provisioning #16',
    does: 'Every operation is a complete record; one without `active` is an error before it is sent, and doctor finds accounts that another client disabled so.',
    tests: [
      ['src/scim/validate.test.ts', 'no active'],
      ['src/plan/change-of.test.ts', 'is always a complete record with externalId, schemas and active'],
      ['test/entra-doctor.test.ts', 'disabledByUpdate'],
    ],
  },
  {
    number: 2,
    pain: 'Date-only hire dates silently ignored',
    source: 'MicrosoftDocs/entra-docs #89',
    does: 'A date without time is warned of with the way out (`$dateTime`), and the job’s schema is compared for date targets.',
    tests: [
      ['src/scim/validate.test.ts', 'a date without time is only warned of, with the way out, because the service takes and ignores it'],
      ['src/entra/schema/compare-schema.test.ts', 'something else than a date for a date'],
    ],
  },
  {
    number: 3,
    pain: '“is not a valid propertyName” for custom attributes, no hint which mapping',
    source: 'entra-docs #89',
    does: 'Custom attributes are compared with the job’s schema by name before anything is sent; the text is known and explained.',
    tests: [
      ['src/entra/schema/compare-schema.test.ts', 'a custom one that it does not have'],
      ['test/entra-doctor.test.ts', 'customWithoutEffect'],
      ['src/entra/pages.test.ts', 'is explained by itself, by its beginning, or by what the reason says'],
    ],
  },
  {
    number: 4,
    pain: 'Multi-valued or complex custom attribute fails with a bare 400 of the directory',
    source: 'entra-docs #71',
    does: 'Custom attributes are single values of a declared type; a list or an object is an error of the worker, before it is sent.',
    tests: [
      ['src/scim/validate.test.ts', 'a list for a custom attribute'],
      ['src/scim/validate.test.ts', 'an object for a custom attribute'],
    ],
  },
  {
    number: 5,
    pain: 'Schema script takes CSV headers with their quotes as attribute names',
    source: 'AzureAD/entra-id-inbound-provisioning #7',
    does: 'Attributes come from the pipeline, not from a header; quotes of a CSV header are no part of a column’s name.',
    tests: [
      ['src/entra/schema/edit-schema.test.ts', 'add what the job lacks, once'],
      ['src/source/csv.test.ts', 'describes the header'],
    ],
  },
  {
    number: 6,
    pain: 'Logic App extremely slow when chunking',
    source: 'AzureAD/entra-id-inbound-provisioning #9',
    does: 'Batches are full and leave as fast as the window allows; `npm run bench:load` measures it.',
    tests: [
      ['src/plan/batching.test.ts', 'keeps the order, fills every request and passes neither limit'],
      ['src/store/window.test.ts', 'is used to the full: forty calls at once, and the next exactly when the first place frees'],
    ],
  },
  {
    number: 7,
    pain: 'Logic App loop fails without detail',
    source: 'AzureAD/entra-id-inbound-provisioning #11',
    does: 'Every refusal has a code, its reason and the request’s id; errors of the logs are grouped and explained.',
    tests: [
      ['src/entra/upload.test.ts', 'keeps tokens and control characters out of what it tells, and bounds it'],
      ['test/entra-job.test.ts', 'groups and explains errors, and shows no value of a person'],
    ],
  },
  {
    number: 8,
    pain: 'No POST in the generated Graph SDKs',
    source: 'msgraph-metadata #437, msgraph-sdk-dotnet #2137, #2598, msgraph-beta-sdk-dotnet #731',
    does: 'The request is made by itself, byte for byte.',
    tests: [['src/entra/upload.test.ts', 'sends the exact bytes to the job, with type, token and client-request-id']],
  },
  {
    number: 9,
    pain: 'How to send 10,000 users when 50 is the limit; which rate holds',
    source: 'Q&A 2263784 (2025-05)',
    does: '50 a call, 40 calls in any 5 seconds over all processes, and the day’s quota, which a plan names as its price.',
    tests: [
      ['src/plan/batching.test.ts', 'keeps the order, fills every request and passes neither limit'],
      [
        'src/store/window.test.ts',
        'never lets more calls arrive in any five seconds than allowed, over two processes and whatever the delays',
      ],
    ],
  },
  {
    number: 10,
    pain: '202 taken for success; logs empty for minutes',
    source: 'ISS; third-party TROUBLESHOOTING file',
    does: 'Only reconcile confirms, from the logs; what the logs do not tell is open, then silent with a cause.',
    tests: [
      ['test/entra-client.test.ts', 'creates workers and their managers, and knows it from the logs alone'],
      [
        'test/entra-truth.test.ts',
        'what is told as applied or unchanged stands in the directory, whatever rows are late, missing, repeated or of older versions',
      ],
      ['src/stages/silence.test.ts', 'calls an operation silent only after an hour and two executions that began after its 202'],
    ],
  },
  {
    number: 11,
    pain: 'Manager out of scope gives warnings that do not heal',
    source: 'third-party TROUBLESHOOTING file; KNO',
    does: 'A manager whom the service cannot know is left out and named; a report is sent once more when his manager is confirmed.',
    tests: [
      ['test/stories/lifecycle.test.ts', 'come with their reports; nobody is his own, circles are named, and one outside is left out'],
      ['test/soak/soak.test.ts', 'sets a manager who came late although the service warned of him twice'],
    ],
  },
  {
    number: 12,
    pain: 'Existing users not matched, duplicate UPN on create',
    source: 'third-party TROUBLESHOOTING file; ISS',
    does: '`joinery adopt` matches before the first upload and names who is not; user names are compared with the directory.',
    tests: [
      [
        'test/stories/adopt.test.ts',
        'reports who is matched, unmatched, ambiguous, on-premises and whose name is taken, and sends nothing',
      ],
      [
        'src/stages/user-names.test.ts',
        'takes the first candidate that neither ledger, directory nor an earlier worker of the plan has, whatever the case of its letters',
      ],
    ],
  },
  {
    number: 13,
    pain: '400 because of a wrong Content-Type, or because PowerShell’s JSON conversion unwraps one-element arrays',
    source: 'lab repository',
    does: 'The media type is fixed and the form of every payload is checked, lists among it.',
    tests: [
      ['src/entra/upload.test.ts', 'sends the exact bytes to the job, with type, token and client-request-id'],
      ['src/plan/batching.test.ts', 'renders the documented request'],
      ['src/scim/validate.test.ts', 'one object where a list is expected'],
    ],
  },
  {
    number: 14,
    pain: 'HR dates in many formats: a large part could not be parsed',
    source: 'third-party migration notes',
    does: 'Dates are typed columns or parsed by a stated form; what does not fit rejects the worker by name.',
    tests: [['src/jsonata/functions/laws.test.ts', 'come back from every form that holds day, month and year']],
  },
  {
    number: 15,
    pain: 'Quarantine directly after start (no notification e-mail)',
    source: 'ISS, LAB, POC',
    does: 'Set-up sets the address before the start; doctor names it, and `notify:` tells of a quarantine.',
    tests: [
      ['test/entra-doctor.test.ts', 'quarantineAtStart'],
      [
        'test/stories/notify.test.ts',
        'hear of a job in quarantine, of a disable without an outcome while the run still waits, and of both when they are over',
      ],
    ],
  },
  {
    number: 16,
    pain: 'Bucket full 500, without a documented size or queue length',
    source: 'ISS 07/07/2026',
    does: 'It is told from other failures, pauses the load for minutes and looks at the job; nothing of it is lost.',
    tests: [
      ['src/entra/retry-rules.test.ts', 'a full bucket pauses for 5 to 10 minutes and asks to look at the job'],
      ['test/entra-doctor.test.ts', 'bucketFull'],
    ],
  },
  {
    number: 17,
    pain: 'Wrong service principal (other tenant, appId instead of object id, registration instead of enterprise app) in the URL',
    source: 'LAB, POC',
    does: 'Doctor tells the cases apart and names the right id.',
    tests: [['test/entra-doctor.test.ts', 'tells a wrong principal, a wrong job and a principal of another tenant apart']],
  },
  {
    number: 18,
    pain: 'User found by the log but still 404 in Graph for minutes; follow-up automation fails',
    source: 'LAB',
    does: 'Outcomes come from the logs; `joinery verify` leaves out whom the directory may not show yet. Waiting for follow-up automation is its own affair.',
    tests: [
      ['test/stories/verify.test.ts', 'are not guessed at: what is in flight or was confirmed a moment ago is counted and not compared'],
    ],
    nonGoal: 'Joinery starts no follow-up automation of others: what it knows is in exports, events and notifications.',
  },
  {
    number: 19,
    pain: 'employeeID over 16 characters, missing externalId: unreadable errors',
    source: 'lbonjean/hybriduser',
    does: 'A missing, blank or too long key is named for the worker before he is sent.',
    tests: [
      ['src/scim/validate.test.ts', 'an empty externalId'],
      ['src/scim/validate.test.ts', 'a very long externalId'],
    ],
    nonGoal: `The 16 characters are a rule of Active Directory. ${onPremises}`,
  },
  {
    number: 20,
    pain: '`name`/RDN cannot be updated in AD',
    source: 'entra-docs #641',
    does: 'Refused.',
    tests: [refused],
    nonGoal: onPremises,
  },
  {
    number: 21,
    pain: 'New AD attribute unknown until the agent restarts',
    source: 'entra-docs #774',
    does: 'Refused.',
    tests: [refused],
    nonGoal: onPremises,
  },
  {
    number: 22,
    pain: 'Inactive on-premises agent: uploads accepted, nothing happens',
    source: 'azure-docs PR 113859',
    does: 'Refused; a cloud job that does not run is told before the load.',
    tests: [refused, ['test/entra-doctor.test.ts', 'noRows']],
    nonGoal: onPremises,
  },
  {
    number: 23,
    pain: 'Log filters and paging hard to get right (case, property names)',
    source: 'microsoft-graph-docs #3648, #12548',
    does: 'One query with literals in OData’s form, read to the end within its own throttle.',
    tests: [
      ['src/entra/logs.test.ts', 'asks by job and time, sorted, a thousand rows a page, with literals in OData’s form'],
      ['src/entra/logs.test.ts', 'follows every page to the end and gives each row once'],
    ],
  },
  {
    number: 24,
    pain: 'Out-of-scope users flood the log as skipped',
    source: 'azure-docs #110718',
    does: 'Skipped is an outcome of its own that is not sent again until the record differs, and a load that is skipped pauses.',
    tests: [
      ['src/entra/interpret.test.ts', 'a worker out of the job’s scope is skipped, with the code'],
      ['src/stages/brake.test.ts', 'counts what was skipped, went silent or is retried by the service as bad, and a warning as good'],
    ],
  },
  {
    number: 25,
    pain: '`mail`, proxyAddresses, extensionAttributes not writable',
    source: 'UPD, Q&A',
    does: 'A mapping of the job to a target that cannot be set is told.',
    tests: [['src/entra/schema/compare-schema.test.ts', 'a target that cannot be set']],
  },
  {
    number: 26,
    pain: 'Home and mobile numbers ignored',
    source: 'ISS',
    does: 'Told for the worker, for the pipeline, and by doctor.',
    tests: [
      ['src/scim/validate.test.ts', 'a mobile number'],
      ['src/entra/schema/compare-schema.test.ts', 'a home address'],
      ['test/entra-doctor.test.ts', 'notOfWork'],
    ],
  },
  {
    number: 27,
    pain: 'Same update logged in every cycle',
    source: 'UPD',
    does: 'Joinery sends what differs, so the ledger stays quiet; doctor tells it from a defect.',
    tests: [
      ['test/entra-doctor.test.ts', 'sameUpdate'],
      ['test/hr-days.test.ts', 'sends nothing when nothing changed'],
    ],
  },
  {
    number: 28,
    pain: 'Schema cmdlet broken; script fails if the principal has two jobs',
    source: 'msgraph-sdk-powershell #1134; fixes in Microsoft’s samples of 2026-03',
    does: 'The pipeline names its job; the schema is edited as a text, every other byte as it was, with a way back.',
    tests: [
      ['src/entra/schema/edit-schema.test.ts', 'leave every other byte of the document as it was'],
      ['test/entra-job.test.ts', 'finds a drift, adds exactly what is missing, and puts the old schema back byte for byte'],
    ],
  },
  {
    number: 29,
    pain: 'Expired credentials leave no log row',
    source: 'azure-docs #96063',
    does: 'The token is asked for before anything else; the failure has a code, and `notify:` tells of it.',
    tests: [
      ['test/entra-doctor.test.ts', 'names a secret that is wrong, and asks nothing more'],
      ['test/stories/notify.test.ts', 'hear of a set-up that refuses everybody, and of a pipeline that has not succeeded for long'],
    ],
  },
  {
    number: 30,
    pain: 'Provisioning mode cannot be set back',
    source: 'entra-docs #992',
    does: 'Joinery changes no mode. What it does change in a job, the schema, it puts back.',
    tests: [['test/entra-job.test.ts', 'finds a drift, adds exactly what is missing, and puts the old schema back byte for byte']],
    nonGoal: 'The mode belongs to the application in the portal, and no documented call sets it.',
  },
  {
    number: 31,
    pain: 'No link from upload to result: people match by hand',
    source: 'follows from graph-contract 3.4',
    does: 'Each operation is closed by the rows of its own change, with their ids as evidence; `joinery explain` tells row, batch, request id and log rows of a worker.',
    tests: [
      ['src/entra/interpret.test.ts', 'an export step of the same change closes it as applied, with the whole group as evidence'],
      ['src/entra/interpret-laws.test.ts', 'late rows of an older operation never close a newer one'],
    ],
  },
  {
    number: 32,
    pain: 'Microsoft’s own sample data: 1,000 rows, only 624 distinct keys, 366 rows with an unknown manager; nothing warns',
    source: 'counted by us',
    does: 'A key of several rows is a rejection that names them, and unknown managers are named.',
    tests: [
      ['test/hr-days.test.ts', 'provisions of the dirty export exactly those whom its rows agree on'],
      ['src/mapping/compile-mapping.test.ts', 'several rows of a key without a rule are a rejection that names rows and contradiction'],
    ],
  },
  {
    number: 33,
    pain: 'Node client drops empty values, so a field emptied in HR is never cleared',
    source: 'scimBuilder.js of Microsoft’s samples',
    does: 'Each attribute says what emptiness does; what was sent empty stays in doubt until something shows that it was cleared.',
    tests: [
      ['src/plan/change-of.test.ts', 'sends again, clears or leaves out what came out empty, as its rule says'],
      ['src/stages/unknown.test.ts', 'is unknown, sent as null or left out, until a log row shows that it was cleared'],
    ],
  },
];

/** docs/reference/pains.md */
export function renderPains(): string {
  const rows = pains.map(({ number, pain, source, does, tests, nonGoal }) => {
    const shown = tests.map(([file, title]) => `\`${file}\`: ${title}`).join('<br>');
    return `| ${String(number)} | ${pain} (${source}) | ${does}${nonGoal === undefined ? '' : ` **No goal:** ${nonGoal}`} | ${shown} |`;
  });
  return [
    '# What users suffer from, and what stands against it',
    '',
    'Generated from `scripts/pains.ts`; a test holds every name to a test that exists. The list is that of the contract, section 7: what people reported about API-driven provisioning and its tools.',
    '',
    '| # | Pain | What Joinery does | Shown by |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
