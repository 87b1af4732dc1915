/** One thing that has to hold, and the stories that show it: HR days in SQL, run end to end against the emulator, and the directory as it has to be afterwards. */
interface Shown {
  readonly what: string;
  /** File beside this one, or in the folder above. */
  readonly file: string;
  /** Titles of tests in the file. */
  readonly stories: readonly string[];
}

interface StoryNumber {
  readonly title: string;
  readonly shown: readonly Shown[];
}

const shown = (what: string, file: string, ...stories: readonly string[]): Shown => ({ what, file, stories });

/** The ten parts of a life cycle, in the order of the guide; `numbers.test.ts` finds a story that is missing, `docs/reference/stories.md` is made from it. */
export const storyNumbers: readonly StoryNumber[] = [
  {
    title: 'Starting where users exist',
    shown: [
      shown(
        'with a job that has history nothing is planned',
        'adopt.test.ts',
        'refuses to plan before somebody decided what the accounts are',
        'a state that was restored from a backup asks for adopt where many have accounts that it does not know, and not for one',
      ),
      shown(
        'adopt reports, seeds and sends nothing: 5,000 users, 300 unmatched, 40 ambiguous, 200 on-premises',
        'adopt.test.ts',
        'reports who is matched, unmatched, ambiguous, on-premises and whose name is taken, and sends nothing',
        'adopts nobody twice',
      ),
      shown(
        'what the adopted are sent, leavers included',
        'adopt.test.ts',
        'then sends only what differs, and holds who was off, ambiguous or on-premises',
        'somebody who is inactive and unknown, and whose account is on, is named until adopt makes him a leaver',
        'refuses no later run, and finds a leaver of the adopted',
      ),
    ],
  },
  {
    title: 'Change kinds',
    shown: [
      shown(
        'pre-hire, cancelled, enable, leaver by status and scope, frozen, rehire, ignored',
        'lifecycle.test.ts',
        'go by pre-hire, enable, leaver and rehire, each counted apart, and a past leaver never becomes an account',
      ),
      shown(
        'leavers by date and by vanishing',
        'lifecycle.test.ts',
        'act when they arrive although no row changed, at the end of the last day in the zone of the worker',
        'needs the passes and the hours, and sends what was confirmed with active false',
      ),
    ],
  },
  {
    title: 'Dates',
    shown: [
      shown(
        'last days count to their end, by zone, without a changed row',
        'lifecycle.test.ts',
        'act when they arrive although no row changed, at the end of the last day in the zone of the worker',
      ),
      shown(
        'back-dated and flagged, rescinded in time',
        'lifecycle.test.ts',
        'that are back-dated act at once, and one that is rescinded in time never acts',
      ),
      shown(
        'a clock that is wrong',
        'lifecycle.test.ts',
        'that is minutes off changes no outcome, and one that is hours off plans for nobody',
      ),
      shown(
        'the forecast, and that it comes true',
        'forecast.test.ts',
        'says who joins, is enabled and leaves, each in his own zone, and the runs of those days do exactly that',
      ),
    ],
  },
  {
    title: 'Vanishing',
    shown: [
      shown(
        'passes and hours; reappearing; rows without a key; passes that a guard stopped',
        'lifecycle.test.ts',
        'needs the passes and the hours, and sends what was confirmed with active false',
        'begins anew when the key was there again in between',
        'is postponed by a row without a key, which could be about whoever is missing, and goes on where it was',
        'does not count a pass that a guard stopped',
      ),
    ],
  },
  {
    title: 'Several rows, several sources, new numbers',
    shown: [
      shown(
        'several rows of a key, with a declared rule and without',
        '../hr-days.test.ts',
        'provisions of the dirty export exactly those whom its rows agree on',
      ),
      shown(
        'contradicting rows move nobody',
        'contradictions.test.ts',
        'without a declared rule rows that contradict each other neither enable, disable nor create anybody',
      ),
      shown(
        'one owner, and transfer',
        'transfer.test.ts',
        'a worker whom two pipelines claim is a rejection for both, moves with joinery transfer, and is never locked out between',
        'two pipelines may share a table: rows that are inactive or out of scope claim nobody, and a claim that is given up frees the owner',
      ),
      shown(
        'new numbers',
        'rekey.test.ts',
        'gets no second account and keeps his first, until somebody closes the case',
        'in another spelling only is held too: the service takes both for one, and the disable of the old would lock him out',
        'is held also when the old number vanishes, and both go on when they are two people',
        'is found by his user name where nothing says who a person is, unless the identities differ',
        'is held in both pipelines, and moves to the new one with his account',
        'twice in one source, under two new numbers, gets no account at all',
        'a company with new numbers trips the guard, and its pairs are closed from a file',
      ),
    ],
  },
  {
    title: 'User names',
    shown: [
      shown('once, for life', 'lifecycle.test.ts', 'give the second candidate to whoever comes later, and keep a name for life'),
      shown(
        'two who want one name',
        'names.test.ts',
        'are both rejected, and stay rejected from run to run; whoever comes later is rejected alone',
        'are found also where the name follows the row, against plan, ledger and directory',
      ),
      shown(
        'renames',
        'names.test.ts',
        'is planned for one worker, sent by apply, and kept from then on; nobody is renamed into a name that is taken',
        'follows changed candidates where the pipeline says onChange: rename, under its guard, and nothing else',
      ),
    ],
  },
  {
    title: 'Emptiness',
    shown: [
      shown('keep', 'lifecycle.test.ts', 'keep what was confirmed where HR has nothing any more'),
      shown(
        'clear, omit, reject; unknown until a log row or the directory shows it; a column that turned NULL',
        'lifecycle.test.ts',
        'clear, omit and reject as each attribute says, and what was sent empty is unknown until somebody sees it',
      ),
    ],
  },
  {
    title: 'Security comes first',
    shown: [
      shown(
        'disabled by somebody else: held until a release; the disable goes all the same',
        'holds.test.ts',
        'is held when his row changes, until it is released; others go on',
        'is still disabled when he leaves, and not held when he comes back after we disabled him',
        'is found between plan and load too',
        'a pre-hire whose employee id an account carries that is on turns nobody off, until somebody decides',
        'a pre-hire whose account we turned on ourselves, by a joining that went silent, is turned off: his first day was moved',
        'stands in the journal with its reason and without the worker',
        'that nothing came of does not undo a hold of later',
      ),
      shown(
        'hold lists by file and query, protection by list and expression',
        'holds.test.ts',
        'hold whoever stands in them, but not his disable, and touch the protected never',
        'come from a query over the HR database too, and an expression protects; a leaver needs neither',
        'that cannot be read stop the run before anything is sent',
      ),
      shown('without the permission', 'holds.test.ts', 'the run is refused', 'the pipeline has to say that holds are unchecked'),
    ],
  },
  {
    title: 'Managers',
    shown: [
      shown(
        'first as a hint, second pass, self, circles, outside',
        'lifecycle.test.ts',
        'come with their reports; nobody is his own, circles are named, and one outside is left out',
        'leaves the confirmed one where he is if the pipeline says keep, and rejects only if it says reject',
      ),
    ],
  },
  {
    title: 'Changes on the side of the job',
    shown: [
      shown(
        'mapping, job id, purge',
        'job.test.ts',
        'marks who has the attribute, and the next plan sends exactly them, once',
        'is another ledger where the job is another one: it asks for adopt, and then finds everybody',
        'that purges its queue loses what was in flight, and the next run sends it again',
      ),
      shown(
        'resend by worker, where, attribute, all',
        'lifecycle.test.ts',
        'plans whom somebody named although nothing differs, and apply restores what was changed by hand',
      ),
    ],
  },
];

/** The table in the docs. */
export function renderStoryNumbers(): string {
  const lines = [
    '<!-- Written by `npm run generate` from test/stories/numbers.ts. -->',
    '',
    '# Stories of the life cycle',
    '',
    'Each is a small company in SQL, days that pass on a virtual clock, and the emulated directory as it has to be afterwards, run end to end. They are in `test/stories`; `npx vitest run test/stories -t "…"` runs one.',
    '',
  ];
  for (const [index, { title, shown: parts }] of storyNumbers.entries()) {
    lines.push(`## ${String(index + 1)}. ${title}`, '');
    for (const { what, file, stories } of parts) {
      lines.push(`- ${what} (\`${file.replace('../', 'test/').replace(/^(?!test)/, 'test/stories/')}\`)`);
      for (const story of stories) lines.push(`  - ${story}`);
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
