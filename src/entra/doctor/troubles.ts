import type { ErrorCode } from '../../domain/errors/registry.ts';

/** A row of Microsoft's troubleshooting table, and how `doctor` names it. */
export interface Trouble {
  /** As somebody sees it. */
  readonly symptom: string;
  readonly cause: string;
  readonly remedy: string;
  /** Findings that name it; the first is of this trouble alone, or says it in its words. */
  readonly codes: readonly ErrorCode[];
}

/**
 * Microsoft's troubleshooting table for API-driven provisioning, row by row. Source: graph-contract section 6. Each has a case in `test/entra-doctor.test.ts` that provokes it in the emulator;
 * `docs/reference/troubleshooting.md` is made from this.
 */
export const troubles = {
  invalidFormat: {
    symptom: '400 Invalid Data Format',
    cause: 'malformed SCIM, or another content type than application/scim+json',
    remedy: 'Joinery sends neither: the message names the upload; report it',
    codes: ['ENT-613'],
  },
  invalidToken: {
    symptom: '401 InvalidAuthenticationToken',
    cause: 'the token has expired or is not yet valid; often a clock that goes wrong',
    remedy: 'set the clock; Joinery renews tokens by itself',
    codes: ['ENT-204', 'ENT-604'],
  },
  forbidden: {
    symptom: '403',
    cause: 'a permission is missing or was not consented to',
    remedy: 'joinery entra setup',
    codes: ['ENT-205', 'ENT-601'],
  },
  throttled: {
    symptom: '429',
    cause: '40 calls in 5 seconds, or the calls of the rolling day',
    remedy: 'wait; another client may use the same quota (load.reserve.others)',
    codes: ['ENT-612', 'ENT-613'],
  },
  bucketFull: {
    symptom: '500, the bucket is full',
    cause: 'uploads are queued faster than the job works, or it does not work at all',
    remedy: 'joinery entra start or restart, then slower',
    codes: ['ENT-613'],
  },
  noRows: {
    symptom: '202, but no log rows',
    cause: 'they come after 5 to 10 minutes; or the job is paused, stopped or in quarantine',
    remedy: 'joinery entra start, then joinery reconcile',
    codes: ['ENT-608', 'ENT-502'],
  },
  quarantineAtStart: {
    symptom: 'quarantine right after the start',
    cause: 'no notification e-mail is set',
    remedy: 'joinery entra setup --email ADDRESS, then joinery entra restart',
    codes: ['ENT-603', 'ENT-503'],
  },
  unknownDomain: {
    symptom: 'a create fails: the user principal name is invalid, the domain is unknown',
    cause: 'the domain is not verified in the tenant',
    remedy: 'verify the domain, or let userName end in one that is',
    codes: ['ENT-609'],
  },
  nameExists: {
    symptom: 'a create fails: the user principal name exists',
    cause: 'the service does not look for a free name, or the match with the existing account is broken',
    remedy: 'more candidates under userName: { once: … }, or the employee id of the account',
    codes: ['ENT-609'],
  },
  disabledByUpdate: {
    symptom: 'an account is disabled after an update',
    cause: 'a record without active; Joinery never sends one',
    remedy: 'find the other client of the job',
    codes: ['ENT-610'],
  },
  managerNotSet: {
    symptom: 'the manager is not set',
    cause: 'he is out of scope, or was not processed yet',
    remedy: 'provision the manager; Joinery sends the report once more',
    codes: ['ENT-609'],
  },
  notOfWork: {
    symptom: 'home or mobile values are ignored',
    cause: 'the default mapping reads values of the type work only',
    remedy: 'send them under work, or map them: joinery entra schema push',
    codes: ['ENT-606'],
  },
  notCleared: {
    symptom: 'an empty value is not cleared, or fails in the target',
    cause: 'the job is not set to let empty values flow, or the target does not take them',
    remedy: 'joinery entra schema push --clearing, or empty: keep',
    codes: ['ENT-607'],
  },
  sameUpdate: {
    symptom: 'the same update in every cycle',
    cause: 'a known limitation of the service',
    remedy: 'nothing; reports count it as unchanged',
    codes: ['ENT-611'],
  },
  customWithoutEffect: {
    symptom: 'a custom attribute has no effect',
    cause: 'it is not in the schema of the job, or no mapping reads it',
    remedy: 'joinery entra schema push',
    codes: ['ENT-605'],
  },
} as const satisfies Readonly<Record<string, Trouble>>;

export type TroubleName = keyof typeof troubles;

/** `docs/reference/troubleshooting.md` */
export const troublesPage = {
  path: 'docs/reference/troubleshooting.md',
  render: (): string => {
    const rows = Object.values<Trouble>(troubles).map(({ symptom, cause, remedy, codes }) => {
      const found = codes.map((code) => `[${code}](errors.md#${code.toLowerCase()})`).join(', ');
      return `| ${symptom} | ${cause} | ${remedy} | ${found} |`;
    });
    return [
      '<!-- Written by `npm run generate` from src/entra/doctor/troubles.ts. -->',
      '',
      '# Troubleshooting',
      '',
      "Microsoft's troubleshooting table for API-driven provisioning, and the finding by which `joinery entra doctor PIPELINE` names each row. Every row is provoked in the emulator by the tests.",
      '',
      '| Symptom | Cause | What to do | Finding |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  },
};
