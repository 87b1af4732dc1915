import type { Dispatch, IncomingRequest } from './http-frame.ts';

/** Method or `*`, path, and who answers. In a path `:name` is any one segment, a `*` at the end whatever follows. */
export type Route = readonly [method: string, path: string, dispatch: Dispatch];

/** The first route that fits; undefined: none. A slash at the end makes no difference. */
export function routeOf(routes: readonly Route[], { method, url }: Pick<IncomingRequest, 'method' | 'url'>): Dispatch | undefined {
  const segments = url.pathname.replace(/\/+$/, '').split('/').slice(1);
  return routes.find(([of, path]) => (of === '*' || of === method) && fits(path.split('/').slice(1), segments))?.[2];
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  const open = pattern.at(-1) === '*';
  const parts = open ? pattern.slice(0, -1) : pattern;
  if (open ? segments.length < parts.length : segments.length !== parts.length) return false;
  return parts.every((part, index) => part.startsWith(':') || part === segments[index]);
}
