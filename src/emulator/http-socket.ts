import type { IncomingRequest, RenderedAnswer } from './http-frame.ts';

/** What is used of Node's pair of a request and its answer, of either version of HTTP. */
interface Socket {
  readonly incoming: { readonly socket: { destroy(): unknown } };
  readonly outgoing: { once(event: 'close', listener: () => void): unknown };
}

/** Carries a request from a socket to whoever answers it, and the answer back; without an answer the connection is cut. */
export async function answerOverSocket(
  answer: (incoming: IncomingRequest) => Promise<RenderedAnswer | undefined>,
  request: Request,
  { incoming, outgoing }: Socket,
): Promise<Response> {
  const answered = await answer({
    method: request.method,
    url: new URL(request.url),
    header: (name) => request.headers.get(name) ?? undefined,
    readBody: async () => new Uint8Array(await request.arrayBuffer()),
    whenOver: (listener) => outgoing.once('close', listener),
  });
  if (answered === undefined) {
    incoming.socket.destroy();
    return new Response(null, { headers: { 'x-hono-already-sent': 'true' } });
  }
  const { status, headers, body } = answered;
  return new Response(body ?? null, { status, headers: { ...headers } });
}
