import type { AstNode } from '../ast.ts';
import type { AnalysisEnvironment } from './environment.ts';
import type { ColumnUse, Finding } from './findings.ts';
import { TypeInference } from './inference.ts';
import type { ValueType } from './types.ts';

export interface Analysis {
  /** In order of the text. */
  readonly findings: readonly Finding[];
  readonly result: ValueType;
  /** Columns of the row that are read, known or not. */
  readonly columns: ReadonlyMap<string, ColumnUse>;
  readonly readsClock: boolean;
  readonly random: boolean;
}

/** Looks at an expression before any row is read: what it reads, what it gives, and what in it cannot be meant. */
export function analyse({ ast, source }: { readonly ast: AstNode; readonly source: string }, environment: AnalysisEnvironment): Analysis {
  const inference = new TypeInference(source, environment);
  const result = inference.run(ast);
  const seen = new Set<string>();
  // ?? and ?: hold their left side twice.
  const findings = inference.findings
    .filter((finding) => {
      const key = JSON.stringify(finding);
      return !seen.has(key) && seen.add(key).size > 0;
    })
    .toSorted((a, b) => a.offset - b.offset);
  const columns = new Map<string, ColumnUse>();
  for (const [name, uses] of inference.columns) {
    columns.set(name, {
      offsets: [...new Set(uses.map(({ offset }) => offset))].toSorted((a, b) => a - b),
      onlyClosed: uses.every(({ closed }) => closed),
    });
  }
  const has = (kind: Finding['kind']): boolean => findings.some((finding) => finding.kind === kind);
  return { findings, result, columns, readsClock: has('reads-clock'), random: has('random') };
}
