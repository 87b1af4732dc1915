/** Microsoft's attribute-mapping expressions: read them, run them, and turn them into JSONata. */
export { evaluateEntraExpression } from './evaluate.ts';
export { EntraExpressionError } from './expression-error.ts';
export { importEntraExpression } from './import.ts';
export type { ImportNote } from './notes.ts';
export { parseEntraExpression } from './parse.ts';
export { printEntraExpression } from './print.ts';
export { importEntraSchema } from './schema.ts';
