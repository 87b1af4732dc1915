/** The reference's syntax errors in our words: those that its parser recovers from carry no message of their own. */
const messages: Readonly<Record<string, (token: string, expected: string) => string>> = {
  S0101: () => 'a text is not closed by a quote',
  S0102: (token) => `the number ${token} is out of range`,
  S0103: (token) => `\\${token} is no escape sequence`,
  S0104: () => '\\u wants four hex digits',
  S0105: () => 'a name in backticks is not closed',
  S0106: () => 'a comment is not closed',
  S0201: (token) => `${token} is not expected here`,
  S0202: (token, expected) => `expected ${expected}, found ${token}`,
  S0203: (_, expected) => `expected ${expected} before the end of the expression`,
  S0204: (token) => `${token} is no operator`,
  S0205: (token) => `${token} is not expected here`,
  S0206: (token) => `${token} is no expression`,
  S0207: () => 'the expression ends too early',
  S0208: (_, expected) => `parameter ${expected} of a function must be a variable, written $name`,
  S0209: () => 'a filter cannot follow a grouping',
  S0210: () => 'a step can have only one grouping',
  S0211: (token) => `${token} needs a value on its left side`,
  S0212: () => 'the left side of := must be a variable, written $name',
  S0213: (_, expected) => `the literal ${expected} cannot be a step of a path`,
  S0214: (token) => `the right side of ${token} must be a variable, written $name`,
  S0215: () => 'a context variable must be bound before any filter of its step',
  S0216: () => 'a context variable must be bound before the order-by of its step',
  S0217: () => '% has no parent here',
  S0301: () => 'a regular expression is empty',
  S0302: () => 'a regular expression is not closed by /',
  S0401: () => 'only functions and arrays take a type parameter in a signature',
  S0402: () => 'a choice of types in a signature cannot have type parameters',
};

/** A sentence for a code of the reference; undefined for codes it does not know. */
export function describeSyntaxCode(code: string | undefined, token: unknown, expected: unknown): string | undefined {
  const shown = token === undefined || token === '(end)' ? 'the end' : JSON.stringify(token);
  return code === undefined
    ? undefined
    : messages[code]?.(shown, typeof expected === 'string' ? expected : (JSON.stringify(expected) ?? ''));
}
