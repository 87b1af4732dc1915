/** `joinery/jsonata`: the engine, and Microsoft's mapping expressions. */
export * from './index.ts';
export { evaluateEntraExpression, importEntraExpression } from './entra/index.ts';
