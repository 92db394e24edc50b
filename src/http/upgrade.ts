import { ApiError } from '../errors.ts'

/** One WebSocket, as a handler sees it. */
export type MessageSocket = {
  /** Resolves when the text is on its way, or can't be sent any more. */
  send: (text: string) => Promise<void>
  /** @param code of https://www.iana.org/assignments/websocket */
  close: (code: number, reason: string) => void
  onMessage: (listener: (text: string) => void) => void
  /** Aborts when the socket is closed. */
  signal: AbortSignal
}

/** Serves a socket. The function that it gives back ends the socket after the work under way. */
export type SocketHandler = (socket: MessageSocket) => () => void

/** Requests that came over a connection which can become a WebSocket, with what shall serve it. */
const offers = new WeakMap<Request, { handler?: SocketHandler }>()

/** Offers a request that its connection becomes a WebSocket. */
export function offerUpgrade(request: Request): void {
  offers.set(request, {})
}

/** What shall serve the connection of a request, if its route took the offer. */
export function takenOffer(request: Request): SocketHandler | undefined {
  return offers.get(request)?.handler
}

/**
 * Takes the offer that the connection of a request becomes a WebSocket.
 *
 * @returns a response that stands for it and is not sent
 * @throws ApiError 426 if the client asked for none
 */
export function upgrade(request: Request, handler: SocketHandler): Response {
  const offer = offers.get(request)
  if (offer === undefined) {
    throw new ApiError(
      'invalid_request_error',
      'Here is a WebSocket: send Upgrade: websocket, or POST for a response over HTTP.',
      { status: 426 },
    )
  }
  offer.handler = handler
  return new Response(null)
}
