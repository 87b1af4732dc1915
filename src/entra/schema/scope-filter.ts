import * as z from 'zod';
import type { Json } from '../../domain/canonical-json.ts';
import type { Payload } from '../../domain/payload.ts';

/** One clause of a job's scoping filter: an attribute of the upload, an operator, and what it is compared with. */
export interface ScopeClause {
  readonly attribute: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Groups of clauses: a worker is in scope if all clauses of one group hold. None: everybody is. Source: graph-contract 2.8. */
export type ScopeFilter = readonly (readonly ScopeClause[])[];

const groups = z
  .array(
    z.object({
      clauses: z
        .array(
          z.object({
            sourceOperandName: z.string().nullish(),
            operatorName: z.string().nullish(),
            targetOperand: z.object({ values: z.array(z.string()).nullish() }).nullish(),
          }),
        )
        .nullish(),
    }),
  )
  .nullish();
const shape = z.object({
  synchronizationRules: z.array(
    z.object({
      objectMappings: z.array(z.object({ scope: z.object({ groups, inputFilterGroups: groups }).nullish() })),
    }),
  ),
});

/** The filter of a schema document; of several object mappings the first that has one. Nothing for a document of another form. */
export function readScope(text: string): ScopeFilter {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const read = shape.safeParse(document);
  if (!read.success) return [];
  for (const { scope } of read.data.synchronizationRules.flatMap(({ objectMappings }) => objectMappings)) {
    const found = [...(scope?.groups ?? []), ...(scope?.inputFilterGroups ?? [])].map(({ clauses }) =>
      (clauses ?? []).map(({ sourceOperandName, operatorName, targetOperand }) => ({
        attribute: sourceOperandName ?? '',
        operator: operatorName ?? '',
        values: targetOperand?.values ?? [],
      })),
    );
    const filter = found.filter((clauses) => clauses.length > 0);
    if (filter.length > 0) return filter;
  }
  return [];
}

/** The first clause of each group that does not hold of the payload; empty: he is in scope; undefined: an operator that is not known here decides. */
export function clausesAgainst(
  filter: ScopeFilter,
  payload: Payload,
  valueOf: (payload: Payload, path: string) => Json | undefined,
): readonly ScopeClause[] | undefined {
  const against: ScopeClause[] = [];
  let isDoubtful = false;
  for (const clauses of filter) {
    const verdicts = clauses.map((clause) => holds(clause, textOf(valueOf(payload, clause.attribute))));
    const failing = clauses[verdicts.indexOf(false)];
    if (failing !== undefined) against.push(failing);
    else if (verdicts.includes(undefined)) isDoubtful = true;
    else return [];
  }
  return isDoubtful ? undefined : against;
}

function holds({ operator, values }: ScopeClause, text: string | undefined): boolean | undefined {
  const [value] = values;
  switch (operator.toUpperCase().replaceAll('_', ' ')) {
    case 'IS NULL':
      return text === undefined;
    case 'IS NOT NULL':
      return text !== undefined;
    case 'IS TRUE':
      return text?.toLowerCase() === 'true';
    case 'IS FALSE':
      return text?.toLowerCase() === 'false';
    case 'EQUALS':
      return text === value;
    case 'NOT EQUALS':
      return text !== value;
    case 'INCLUDES':
      return value !== undefined && text?.includes(value) === true;
    case 'ENDS WITH':
      return value !== undefined && text?.endsWith(value) === true;
    default:
      // Patterns and numbers are compared by rules of .NET that nobody here can promise.
      return undefined;
  }
}

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
