import type { ScopeClause } from './job.ts';
import type { JsonObject } from './json.ts';
import { logText, readSource } from './scim-source.ts';

/** True if every clause of the job's scoping filter holds; "All records" is the empty list. */
export function isInScope(data: JsonObject, clauses: readonly ScopeClause[]): boolean {
  return clauses.every((clause) => {
    const source = readSource(data, clause.attribute);
    const text = logText(source.value);
    switch (clause.operator) {
      case 'IS NULL':
        return text === null;
      case 'IS NOT NULL':
        return text !== null;
      case 'EQUALS':
        return text === clause.value;
      case 'NOT EQUALS':
        return text !== clause.value;
      case 'REGEX MATCH':
        break;
    }
    return text !== null && new RegExp(clause.value ?? '').test(text);
  });
}
