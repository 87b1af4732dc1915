/**
 * Says which runtime this is, as Node does by itself since version 21. Before, pg finds out whether it runs in a worker of Cloudflare by making a response, for which Node loads all of `fetch`: 90 ms of every start.
 */
export function nameRuntime(): void {
  if ('navigator' in globalThis) return;
  const value = Object.freeze({ userAgent: `Node.js/${process.versions.node.split('.')[0] ?? ''}` });
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true, enumerable: false, writable: true });
}
