import type { Outcome } from '../domain/words.ts';
import { silenceCauses } from './silence-causes.ts';

/** Who has to act: HR's data, the job's mapping, its set-up, the tenant, or nobody because the service does. */
export type CodeClass = 'data' | 'mapping' | 'scope' | 'setUp' | 'target' | 'service' | 'none';

/** Does sending the same record again help? */
export type Resend = 'never' | 'whenPayloadDiffers' | 'afterFix' | 'byService' | 'nextRun';

export interface OutcomeCode {
  /** As the log writes it; a trailing `*` stands for any ending. */
  readonly code: string;
  /** Another way to recognise it: what the reason says, where the code is missing or differs. */
  readonly text?: RegExp;
  readonly class: CodeClass;
  readonly outcome: Extract<Outcome, 'failed' | 'skipped' | 'unchanged' | 'appliedWithWarning' | 'silent'>;
  readonly words: string;
  readonly todo: string;
  readonly resend: Resend;
}

/** Who acts, as people read it. */
export const classWords: Readonly<Record<CodeClass, string>> = {
  data: 'HR data',
  mapping: 'mapping of the pipeline or the job',
  scope: 'scope of the job',
  setUp: 'set-up of the job or its rights',
  target: 'tenant or directory',
  service: 'the service retries by itself',
  none: 'nobody',
};

const data = { class: 'data', outcome: 'failed', resend: 'whenPayloadDiffers' } as const;
const mapping = { class: 'mapping', outcome: 'failed', resend: 'afterFix' } as const;
const setUp = { class: 'setUp', outcome: 'failed', resend: 'afterFix' } as const;
const target = { class: 'target', outcome: 'failed', resend: 'afterFix' } as const;
const service = { class: 'service', outcome: 'failed', resend: 'byService' } as const;

/**
 * The known codes of provisioning logs. The first that fits counts. `docs/reference/outcomes.md` is made from this.
 * Source: graph-contract 3.5 and 2.6 to 2.8.
 */
export const outcomeCodes: readonly OutcomeCode[] = [
  { code: 'RedundantExport', class: 'none', outcome: 'unchanged', resend: 'never', words: 'The account already has these values.', todo: 'Nothing.' },
  { code: 'EntrySynchronizationSkipped', class: 'scope', outcome: 'skipped', resend: 'never', words: 'The worker does not meet the job’s scoping filter.', todo: 'Nothing if that is meant; otherwise change the job’s scoping filter, or the pipeline’s scope so that both agree.' },
  { code: 'NotEffectivelyEntitled', class: 'scope', outcome: 'skipped', resend: 'never', words: 'The worker is not in the job’s scope.', todo: 'As for EntrySynchronizationSkipped.' },
  { code: 'UnableToResolveReferenceAttributeValue', text: /unable to assign .* as the manager of/i, class: 'data', outcome: 'appliedWithWarning', resend: 'afterFix', words: 'The manager could not be set: the service does not know that worker, or has not processed it yet.', todo: 'Make sure that the manager is in scope and provisioned; the worker is then sent once more by itself.' },
  { code: 'Conflict', ...data, words: 'A value that has to be unique belongs to another object of the directory.', todo: 'Find the other account with the same value and correct one of them, in HR or in the directory.' },
  { code: 'EntryConflict', ...data, words: 'A value that has to be unique belongs to another object, or the matching attribute is wrong.', todo: 'Find the other account with the same value; check the job’s matching attribute.' },
  { code: 'AzureActiveDirectoryDuplicateUserPrincipalName', text: /userPrincipalName already exists/i, ...data, words: 'Another account already has this user name; often it is the worker’s own account that does not carry his employee id.', todo: 'If it is his account, write the worker id into its employeeId; otherwise change the user name.' },
  { code: 'AzureActiveDirectoryInvalidUserPrincipalName', text: /domain (?:portion .*|name )?(?:is invalid|does not exist)|UserPrincipalName property is invalid/i, ...data, words: 'The user name has an invalid form, or its domain is not verified in the tenant.', todo: 'Correct the user name’s form or domain in the mapping, or verify the domain.' },
  { code: 'InvalidDomain', ...data, words: 'The domain is not valid for the tenant.', todo: 'Use a verified domain, or verify this one.' },
  { code: 'EntryJoiningPropertyValueIsMissing', ...data, words: 'The matching attribute has no value.', todo: 'Every worker needs a value there; check externalId and the job’s matching attribute.' },
  { code: 'ImportSkipped', ...data, words: 'The matching property has no value in the source.', todo: 'As for EntryJoiningPropertyValueIsMissing.' },
  { code: 'SourceIdentifierEmpty', text: /Source identifier of an entry cannot be empty/i, ...data, words: 'The record reached the service without an externalId.', todo: 'Every worker needs a key.' },
  { code: 'MandatoryFieldsMissing', ...data, words: 'An attribute that the directory requires has no value.', todo: 'Fill the value in HR, or give it a default in the mapping.' },
  { code: 'MissingValues', ...data, words: 'An attribute that the directory requires has no value.', todo: 'Fill the value in HR, or give it a default in the mapping.' },
  { code: 'DuplicateTargetEntries', ...data, words: 'Several accounts have the worker’s matching value.', todo: 'Remove the employee id from all accounts but the right one.' },
  { code: 'DuplicateSourceEntries', ...data, words: 'Several records in the service have one matching value.', todo: 'Find the other worker, or other client of the job, with the same value.' },
  { code: 'SystemForCrossDomainIdentityManagementMultipleEntriesInResponse', ...data, words: 'Several objects match.', todo: 'As for DuplicateTargetEntries.' },
  { code: 'SchemaPropertyCanOnlyAcceptValue', ...data, words: 'The attribute takes a single value only.', todo: 'Map one value.' },
  { code: 'SystemForCrossDomainIdentityManagementBadResponse', text: /ConstraintViolation-AtrErr/i, ...data, words: 'A value breaks a rule of the directory, most often its length.', todo: 'Shorten the value (company and common name 64 characters, employee id 16).' },
  { code: 'InvalidAttributeSyntax-LdapErr', text: /InvalidAttributeSyntax-LdapErr/i, ...data, words: 'A value has a form that the directory refuses, for example empty text.', todo: 'Send no value instead of an empty one.' },
  { code: 'AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService', ...data, words: 'The attribute is mastered elsewhere, for example by Exchange.', todo: 'Take the attribute out of the job’s mapping.' },
  { code: 'AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises', class: 'scope', outcome: 'failed', resend: 'never', words: 'The account is synchronised from an on-premises Active Directory.', todo: 'Take the worker out of this pipeline’s scope; the on-premises directory has to be changed.' },
  { code: 'SchemaAttributeNotFound', ...mapping, words: 'The job’s mapping names an attribute that the directory does not have.', todo: 'Correct the job’s attribute mapping.' },
  { code: 'InvalidPropertyName', text: /is not a valid propertyName/i, ...mapping, words: 'The job’s mapping names an attribute that the directory does not have.', todo: 'Correct the job’s attribute mapping; custom attributes need their full name.' },
  { code: 'EntityTypeNotSupported', ...mapping, words: 'The job does not handle this kind of object.', todo: 'Correct the job’s object mapping.' },
  { code: 'InvalidAnchor', class: 'setUp', outcome: 'failed', resend: 'afterFix', words: 'The account was created, or its matching property changed, outside the job.', todo: 'Restart the job, then send the worker again.' },
  { code: 'InsufficientRights', ...setUp, words: 'The job may not make this change in the directory.', todo: 'Give the provisioning app the right it lacks.' },
  { code: 'MethodNotAllowed', ...setUp, words: 'The directory does not allow this change.', todo: 'Check the job’s target object actions and rights.' },
  { code: 'NotPermitted', ...setUp, words: 'The job may not make this change.', todo: 'Check the job’s rights.' },
  { code: 'Unauthorized', ...setUp, words: 'The directory refused the job’s credentials.', todo: 'Check the job’s credentials.' },
  { code: 'AzureActiveDirectoryForbidden', ...setUp, words: 'A policy of the tenant forbids the change.', todo: 'Check the tenant’s policies.' },
  { code: 'AzureDirectoryB2BManagementPolicyCheckFailure', ...setUp, words: 'A policy of the tenant forbids the change (cross-tenant synchronisation).', todo: 'Check the tenant’s policies.' },
  { code: 'InvitationCreation*', ...setUp, words: 'An invitation could not be made (cross-tenant synchronisation).', todo: 'API-driven provisioning creates members only; check the mapping of userType.' },
  { code: 'LicenseLimitExceeded', ...target, words: 'No licence is left.', todo: 'Buy or free a licence.' },
  { code: 'AzureActiveDirectoryQuotaLimitExceeded', ...target, words: 'The tenant’s quota of objects is used up.', todo: 'Delete objects or raise the quota.' },
  { code: 'UnprocessableEntity', ...target, words: 'The directory answered something that the service did not expect.', todo: 'Read the reason; ask Microsoft support.' },
  { code: 'NotImplemented', ...target, words: 'The directory lacks the feature.', todo: 'Take the attribute or action out of the job’s mapping.' },
  { code: 'SystemForCrossDomainIdentityManagementServiceIncompatible*', ...target, words: 'The target answers in a form that the service does not understand.', todo: 'Ask Microsoft support.' },
  { code: 'HybridSynchronization*', ...target, words: 'The on-premises agent or directory refused the change.', todo: 'On-premises Active Directory is not a target of Joinery; check that the job is of the template API2AAD.' },
  { code: 'TooManyRequests', ...service, words: 'The directory throttled the service.', todo: 'Nothing; the service retries.' },
  { code: 'InternalServerError', ...service, words: 'The service or the directory had a defect for a moment.', todo: 'Nothing; the service retries, about every 40 minutes.' },
  { code: 'InternalError', ...service, words: 'The service had a defect for a moment.', todo: 'Nothing; the service retries, about every 40 minutes.' },
  { code: 'WebExceptionProtocolError', ...service, words: 'The service could not talk to the directory for a moment.', todo: 'Nothing; the service retries, about every 40 minutes.' },
  { code: 'Timeout', ...service, words: 'The directory did not answer the service in time.', todo: 'Nothing; the service retries, about every 40 minutes.' },
]; // prettier-ignore

/** The reason lies in the job's rights or mapping: it is the same for everybody. */
export function isSetUpFailure(code: string, reason: string): boolean {
  return ['setUp', 'mapping'].includes(explainCode(code, reason).class);
}

/** For a code that is in no table of Microsoft’s that we know. */
const unknownCode: OutcomeCode = {
  code: 'unknown',
  class: 'target',
  outcome: 'failed',
  resend: 'afterFix',
  words: 'The service reports an error that is not in Joinery’s table.',
  todo: 'Read the reason as the service gives it.',
};

/** What a code means, by the code and otherwise by what the reason says. Never undefined. */
export function explainCode(code: string, reason = ''): OutcomeCode {
  const ours = silenceCauses.find((cause) => cause.code === code);
  if (ours !== undefined) return { ...ours, outcome: 'silent', resend: 'nextRun' };
  return (
    outcomeCodes.find((known) => (known.code.endsWith('*') ? code.startsWith(known.code.slice(0, -1)) : known.code === code)) ??
    outcomeCodes.find((known) => known.text?.test(reason) === true || known.text?.test(code) === true) ??
    unknownCode
  );
}
