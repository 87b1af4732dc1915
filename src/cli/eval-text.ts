import type { Json } from '../domain/canonical-json.ts';
import { hideValue } from '../domain/masking.ts';
import type { Payload } from '../domain/payload.ts';
import type { Trace } from '../domain/verdict.ts';
import type { Masks } from '../audit/masks.ts';
import { differences } from '../scim/index.ts';
import type { Style } from './style.ts';

/** A value for whoever asked for this worker: as it is, unless it is sensitive. */
export interface Shown {
  readonly value: (name: string, value: Json | undefined) => string;
  readonly isHidden: (name: string) => boolean;
}

/** What of a worker `eval` shows: personal values as they are, because the person has them already; sensitive ones never. */
export function shownBy(masks: Masks, attributes: ReadonlySet<string>): Shown {
  const probe = 'probe';
  const isHidden = (name: string): boolean =>
    (attributes.has(name) ? masks.attribute(name, probe) : masks.named(name, probe)) === hideValue(probe);
  return { isHidden, value: (name, value) => (isHidden(name) ? hideValue(value) : formatValue(value)) };
}

/** The row and everything that was computed from it, one block each: expression, what it read, what its parts came to, the value. */
export function renderTraces(traces: readonly Trace[], shown: Shown, style: Style): string {
  const values = new Map(traces.map((trace) => [trace.name, trace]));
  const isGiven = ({ expression }: Trace): boolean => expression === 'column' || expression === 'employment';
  const given = traces.filter(isGiven);
  const width = Math.max(0, ...given.map(({ name }) => name.length));
  const lines: string[] = [];
  if (given.length > 0) lines.push(style.bold('row'));
  for (const { name, value, problem } of given) {
    const wrong = problem === undefined ? '' : `  ${style.red(problem)}`;
    lines.push(`  ${name.padEnd(width)}  ${shown.value(name, value)}${wrong}`);
  }
  for (const trace of traces.filter((one) => !isGiven(one))) {
    const { name, expression, value, problem, reads, steps = [] } = trace;
    lines.push('', style.bold(name), ...expression.split('\n').map((line) => style.dim(`  ${line}`)));
    const inputs = reads.flatMap((read) => {
      const source = values.get(read);
      return source === undefined ? [] : [`${read} = ${source.problem === undefined ? shown.value(read, source.value) : 'no value'}`];
    });
    if (inputs.length > 0 && inputs[0] !== `${expression} = ${shown.value(name, value)}`) lines.push(`  reads ${inputs.join(', ')}`);
    for (const step of shown.isHidden(name) ? [] : steps) {
      const more = step.times > step.values.length ? `, … ${String(step.times)} times` : '';
      lines.push(`  ${style.dim(shorten(step.text))} → ${step.values.map(formatValue).join(', ')}${more}`);
    }
    lines.push(problem === undefined ? `  = ${shown.value(name, value)}` : style.red(`  no value: ${problem}`));
  }
  return `${lines.join('\n')}\n`;
}

const longest = 300;

function formatValue(value: Json | undefined): string {
  return value === undefined ? 'nothing' : shorten(JSON.stringify(value));
}

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}… (${String(text.length)} characters)` : text;
}

/** A trace and everything that it is made of, in the order of evaluation. */
export function tracesTowards(traces: readonly Trace[], name: string): readonly Trace[] {
  const byName = new Map(traces.map((trace) => [trace.name, trace]));
  const wanted = new Set<string>();
  const add = (one: string): void => {
    if (wanted.has(one)) return;
    wanted.add(one);
    for (const read of byName.get(one)?.reads ?? []) add(read);
  };
  add(name);
  return traces.filter((trace) => wanted.has(trace.name));
}

/** The payload without sensitive values. */
export function renderPayload(payload: Payload, shown: Shown): string {
  const hidden = differences(undefined, payload).filter(({ path }) => shown.isHidden(path));
  const values = new Set(hidden.flatMap(({ new: value }) => leavesOf(value)));
  return JSON.stringify(payload, (_name, value: unknown) => (values.has(value) ? hideValue(value) : value), 2);
}

function leavesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value];
}
