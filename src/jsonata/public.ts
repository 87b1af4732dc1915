/** `joinery/jsonata`: the engine, and Microsoft's mapping expressions. */
export * from './index.ts';
export { EntraExpressionError, evaluateEntraExpression, importEntraExpression, importEntraSchema } from './entra/index.ts';
export { functionLibrary, type FunctionContext } from './functions/index.ts';
