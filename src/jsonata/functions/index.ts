import type { FunctionContext, FunctionDeclaration, FunctionImplementation } from './declaration.ts';
import { calendarFunctions } from './calendar.ts';
import { candidateFunctions } from './candidates.ts';
import { countryFunctions } from './countries.ts';
import { dateFunctions } from './dates.ts';
import { entraConvertFunctions } from './entra-convert.ts';
import { entraDateFunctions } from './entra-dates.ts';
import { entraListFunctions } from './entra-lists.ts';
import { entraLogicFunctions } from './entra-logic.ts';
import { entraReplaceFunctions } from './entra-replace.ts';
import { entraTextFunctions } from './entra-text.ts';
import { lookupFunctions } from './lookup.ts';
import { nameFunctions } from './names.ts';
import { phoneFunctions } from './phones.ts';
import { randomFunctions } from './random-text.ts';
import { textFunctions } from './text.ts';

export type { FunctionContext, FunctionDeclaration } from './declaration.ts';

/** Every function of the library, declared once: this list feeds the engine, the analysis, the reference page and the tests. */
export const functionDeclarations: readonly FunctionDeclaration[] = [
  ...nameFunctions,
  ...candidateFunctions,
  ...dateFunctions,
  ...calendarFunctions,
  ...textFunctions,
  ...phoneFunctions,
  ...countryFunctions,
  ...lookupFunctions,
  ...entraTextFunctions,
  ...entraConvertFunctions,
  ...entraLogicFunctions,
  ...entraDateFunctions,
  ...entraReplaceFunctions,
  ...entraListFunctions,
  ...randomFunctions,
];

export interface LibraryFunction {
  readonly implementation: FunctionImplementation;
  readonly signature: string;
}

/**
 * The library as `compile(source, { functions })` takes it. The implementations keep the context and read it at every call: compile a
 * mapping once, and set `context.asOf` at the start of each run. Two runs at a time need two libraries.
 */
export function functionLibrary(context: FunctionContext): Record<string, LibraryFunction> {
  const library: Record<string, LibraryFunction> = {};
  for (const { name, implementation, signature } of functionDeclarations)
    library[name] = { implementation: implementation(context), signature };
  return library;
}
