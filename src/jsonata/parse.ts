import jsonata from 'jsonata';
import type { AstNode } from './ast.ts';
import { ExpressionSyntaxError, type SyntaxProblem } from './errors.ts';
import { spanAt, type Span } from './position.ts';
import { describeSyntaxCode } from './syntax-messages.ts';

/** What jsonata throws: a plain object, not an Error. */
export interface ThrownParts {
  readonly code: string | undefined;
  readonly position: number | undefined;
  readonly token: string | undefined;
  readonly message: string;
  readonly value: unknown;
}

/** Reads whatever jsonata, or a registered function, threw. */
export function readThrown(thrown: unknown): ThrownParts {
  const at = (name: string): unknown => (typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined);
  const [code, position, token, message] = [at('code'), at('position'), at('token'), at('message')];
  return {
    code: typeof code === 'string' ? code : undefined,
    position: typeof position === 'number' ? position : undefined,
    token: typeof token === 'string' || typeof token === 'number' ? String(token) : undefined,
    message: typeof message === 'string' ? message : String(thrown),
    value: at('value'),
  };
}

/**
 * Parses an expression with the pinned reference parser.
 * @throws ExpressionSyntaxError (JSN-101) with every problem that the parser recovers from
 */
export function parseExpression(source: string): AstNode {
  try {
    return asAst(jsonata(source).ast());
  } catch (thrown) {
    const first = problemOf(source, thrown);
    const all = [first, ...recoveredProblems(source)].toSorted((a, b) => a.offset - b.offset);
    const seen = new Set<string>();
    const problems = all.filter((problem) => {
      const key = `${problem.jsonataCode ?? ''}@${String(problem.offset)}`;
      return !seen.has(key) && seen.add(key).size > 0;
    });
    throw new ExpressionSyntaxError(first, problems, thrown);
  }
}

function recoveredProblems(source: string): SyntaxProblem[] {
  try {
    const expression = jsonata(source, { recover: true });
    const errors: unknown = Reflect.apply(Reflect.get(expression, 'errors') as () => unknown, expression, []); // oxlint-disable-line typescript/no-unsafe-type-assertion -- errors() exists in 2.2.2 and is missing in its typings
    return Array.isArray(errors) ? errors.map((error) => problemOf(source, error)) : [];
  } catch (thrown) {
    return [problemOf(source, thrown)];
  }
}

function problemOf(source: string, thrown: unknown): SyntaxProblem {
  const { code: jsonataCode, position, token, message, value } = readThrown(thrown);
  // These two come from JavaScript, without a code or a place.
  if (thrown instanceof RangeError) return { jsonataCode, offset: 0, length: 1, token, message: 'the expression is nested too deeply' };
  if (thrown instanceof SyntaxError) return { jsonataCode, ...patternSpan(source, message), token, message };
  const span = spanAt(source, position, token === '(end)' ? undefined : token);
  return { jsonataCode, ...span, token, message: describeSyntaxCode(jsonataCode, token, value) ?? message };
}

/** `Invalid regular expression: /a{2,1}/g: …` quotes the pattern, with the flag g that the parser adds. */
function patternSpan(source: string, message: string): Span {
  const quoted = /: (\/.*\/)[a-z]*: /s.exec(message)?.[1];
  const offset = quoted === undefined ? -1 : source.indexOf(quoted);
  return offset === -1 ? spanAt(source, undefined) : { offset, length: quoted?.length ?? 1 };
}

function asAst(node: unknown): AstNode {
  return node as AstNode; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the one door from jsonata's incomplete typings; ast.ts states what the pinned version builds
}
