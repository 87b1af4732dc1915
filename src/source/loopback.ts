/** A host that no network lies before: TLS protects nothing there, and servers on it rarely have a certificate. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
