import type { Formula } from '../pipeline/pipeline.ts';

/**
 * The rule in words, for the forms that most rules have: a column, a text, one or another, put together, looked up. Where the form is another one, the words say
 * so and the expression beside them decides; nothing is guessed.
 */
export function ruleWords(formula: Formula): string {
  if (formula.kind === 'literal') return `always ${JSON.stringify(formula.value)}`;
  return describe(formula.text.trim());
}

function describe(text: string): string {
  const name = atom(text);
  if (name !== undefined) return `the ${name}, as it is`;
  const choice = /^([\w$]+)\s*\?\s*([\w$]+)\s*:\s*([\w$]+)$/.exec(text);
  if (choice !== null) {
    const [, condition = '', first = '', second = ''] = choice;
    return condition === first
      ? `the ${describeName(first)}, or where that is empty the ${describeName(second)}`
      : `the ${describeName(first)} if ${describeName(condition)} is set, else the ${describeName(second)}`;
  }
  const lookup = /^\$lookup\(\s*\$(\w+)\s*,\s*([\w$]+)\s*\)\.(\w+)$/.exec(text);
  if (lookup !== null) return `the ${lookup[3] ?? ''} of the ${describeName(lookup[2] ?? '')} in the table ${lookup[1] ?? ''}`;
  const parts = text.split(/\s+&\s+/);
  if (parts.length > 1 && parts.every((part) => /^(?:[\w$]+|"[^"&]*")$/.test(part)))
    return `put together: ${parts.map((part) => (part.startsWith('"') ? (part.trim() === '" "' ? 'a space' : part) : `the ${describeName(part)}`)).join(', ')}`;
  const call = /^\$(\w+)\(([\w$,\s".]*)\)$/.exec(text);
  if (call !== null)
    return `the function $${call[1] ?? ''} of ${(call[2] ?? '')
      .split(',')
      .map((part) => (part.trim().startsWith('"') ? part.trim() : `the ${describeName(part.trim())}`))
      .join(', ')}`;
  return 'a rule of its own: see the expression';
}

function atom(text: string): string | undefined {
  return /^\$?\w+$/.test(text) ? describeName(text) : undefined;
}

function describeName(name: string): string {
  return name.startsWith('$') ? `interim value ${name}` : `column ${name}`;
}
