/** Sign, digits without zeros at either end, and the power of ten: equal text for equal decimal values; other text as it is. */
export function plainDigits(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign === '-' ? '-' : ''}${significant}e${String(power)}`;
}

/** The number whose shortest text is the same decimal value, so that nothing is lost; undefined when there is none. */
export function exactNumber(text: string): number | undefined {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || plainDigits(String(value)) !== plainDigits(text)) return undefined;
  return value === 0 ? 0 : value;
}
