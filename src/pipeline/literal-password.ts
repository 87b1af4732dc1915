export function holdsReference(text: string): boolean {
  return text.includes('${');
}

/** `user:password@` of a URL, or `Password=…` of a SQL Server connection string, that is not a reference. */
export function holdsLiteralPassword(text: string): boolean {
  const inUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/@]*?:((?:\$\{[^}]*\}|[^@/])*)@/i.exec(text)?.[1];
  if (inUrl !== undefined && inUrl.replaceAll(/\$\{[^}]*\}/g, '') !== '') return true;
  const inPairs = /(?:^|[;?&\s])(?:password|pwd)\s*=\s*((?:\$\{[^}]*\}|[^;&])*)/i.exec(text)?.[1];
  return inPairs !== undefined && inPairs.replaceAll(/\$\{[^}]*\}/g, '').trim() !== '';
}
