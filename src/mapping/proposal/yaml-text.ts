/** Words that YAML or its older readers take for something else. */
const reserved = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** Text as a scalar that every YAML reader takes for exactly this text, in flow and block. */
export function writeScalar(text: string): string {
  return /^[A-Za-z_][A-Za-z0-9_/.-]*$/.test(text) && !reserved.test(text) ? text : writeQuoted(text);
}

/** Text as a key of a map. */
export function writeName(name: string): string {
  return writeScalar(name);
}

/** An expression: plain where it reads well, else in single quotes, else in double ones. */
export function writeExpression(expression: string, where: 'block' | 'flow'): string {
  const plain = where === 'flow' ? /^[A-Za-z_$]\w*$/ : /^[A-Za-z_$][\w$ "&.()=,[\]@-]*$/;
  if (plain.test(expression) && !expression.endsWith(' ') && !reserved.test(expression)) return expression;
  if (expression === 'true') return expression;
  return isPrintable(expression) ? `'${expression.replaceAll("'", "''")}'` : writeQuoted(expression);
}

/** Text that stays within its comment, whatever it is. */
export function writeComment(text: string): string {
  return isPrintable(text) ? text : writeQuoted(text).slice(1, -1);
}

/** Line ends of any kind, controls and halves of characters. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufeff\ufffe\uffff]/u;

function isPrintable(text: string): boolean {
  return !unprintable.test(text);
}

function writeQuoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (one) => String.raw`\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
