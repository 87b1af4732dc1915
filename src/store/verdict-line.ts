import { takeDraftText } from '../domain/kept-texts.ts';
import type { DraftVerdict } from '../domain/verdict.ts';
import type { TransformItem } from './run-files.ts';

/**
 * The line of a verdict: what `JSON.stringify` makes of it, but for the draft, nearly all of it, which was written down for its hash a moment ago. Composed of pieces, because
 * nothing that is replaced in a text is safe from what people write into a database.
 */
export function verdictLine(item: TransformItem): string {
  if (item.kind !== 'verdict' || item.verdict.kind !== 'draft') return JSON.stringify(item);
  const { kind, verdict, ...rest } = item;
  return `{"kind":"${kind}","verdict":${textOfVerdict(verdict)},${JSON.stringify(rest).slice(1)}`;
}

/** The draft is its last member. */
function textOfVerdict({ draft, ...rest }: DraftVerdict): string {
  return `${JSON.stringify(rest).slice(0, -1)},"draft":${takeDraftText(draft)}}`;
}
