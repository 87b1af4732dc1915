/** What is wrong with a user principal name, if anything: its form, or a domain that the tenant has not verified. */
export function userPrincipalNameProblem(name: string, domains: readonly string[]): 'form' | 'domain' | undefined {
  const at = name.lastIndexOf('@');
  const local = name.slice(0, at);
  // The directory takes letters, digits and these signs; a dot neither at an end nor twice in a row.
  if (at < 1 || local.length > 64 || name.length > 113 || !/^[A-Za-z0-9'._!#^~-]+$/.test(local)) return 'form';
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return 'form';
  const domain = name.slice(at + 1).toLowerCase();
  return domains.some((one) => one.toLowerCase() === domain) ? undefined : 'domain';
}
