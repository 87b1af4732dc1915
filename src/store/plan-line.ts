import { takePayloadText } from '../domain/kept-texts.ts';
import type { Change } from '../domain/change.ts';
import type { PlanLine } from './run-files.ts';

/** The line of a worker in a plan. His payload, most of it, was written down for its hash a moment ago, as it will be sent: the line has it in that order, which is no other document. */
export function planLine({ change, ...line }: PlanLine): string {
  const text = JSON.stringify(line);
  return change === undefined ? text : `${text.slice(0, -1)},"change":${textOfChange(change)}}`;
}

function textOfChange({ payload, ...change }: Change): string {
  return `{"payload":${takePayloadText(payload)},${JSON.stringify(change).slice(1)}`;
}
