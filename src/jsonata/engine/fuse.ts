import { can, fn } from '../codegen/code.ts';
import type { Program } from '../codegen/program.ts';
import { isFunction } from '../runtime/functions.ts';
import type { Value } from '../runtime/sequence.ts';
import { startMember, state } from '../runtime/state.ts';
import { cleanResult } from './compiled.ts';

/** Fills the empty `values` in order; gives how many members were answered before one threw. */
export type FusedRun = (context: Value, input: Value, bindings: readonly Value[], values: Value[]) => number;

/**
 * One function that calls the members one after the other, so that each call has one target and can be inlined. Its text
 * holds indices only. Ends in front of the first member that is not compiled.
 */
export function fuseMembers(
  programs: readonly (Program | undefined)[],
  order: readonly number[],
  isLet: (index: number) => boolean,
): FusedRun {
  const missing = order.findIndex((index) => programs[index] === undefined);
  const compiled = missing === -1 ? order : order.slice(0, missing);
  const calls = compiled.map((index, position) => {
    const at = String(index);
    const program = programs[index];
    const always = program?.walk === true || (program !== undefined && can(program.type, fn)) || isLet(index);
    // What is neither marked nor a long text leaves as it is, without a call.
    const clean = isLet(index) ? `letOf(P[${at}],v)` : `clean(P[${at}],v)`;
    const test = always ? clean : `S.made||typeof v==="string"&&v.length>S.maxOutput?${clean}:v`;
    return `v=m${at}(c,i,B,V);V[${at}]=${test};n=${String(position + 1)};start();`;
  });
  const text = [
    '"use strict";',
    'const {letOf,clean,start,S}=R;',
    compiled.map((index) => `const m${String(index)}=P[${String(index)}].run;`).join(''),
    `return function(c,i,B,V){let n=0,v;for(let j=0;j<${String(programs.length)};j++)V.push(undefined);try{${calls.join('\n')}}catch{}return n;};`,
  ].join('\n');
  const factory = new Function('P', 'R', text); // oxlint-disable-line typescript/no-implied-eval -- indices only; see codegen/program.ts
  return factory(programs, { letOf, clean: cleanResult, start: startMember, S: state });
}

function letOf(program: Program, value: Value): Value {
  return isFunction(value) ? value : cleanResult(program, value);
}
