import { ApiError } from '../errors.ts'

/** A WebSocket, from the view of a handler. */
export type MessageSocket = {
  /** Resolves when the text was handed to the system, or can no longer be sent. */
  send: (text: string) => Promise<void>
  /** @param code of https://www.iana.org/assignments/websocket */
  close: (code: number, reason: string) => void
  onMessage: (listener: (text: string) => void) => void
  /** Aborts when the socket is closed. */
  signal: AbortSignal
}

/** Serves a socket. Returns a function that ends the socket after the current response. */
export type SocketHandler = (socket: MessageSocket) => () => void

/** The handlers for requests whose connection can become a WebSocket. */
const offers = new WeakMap<Request, { handler?: SocketHandler }>()

/** Marks a request as one whose connection can become a WebSocket. */
export function offerUpgrade(request: Request): void {
  offers.set(request, {})
}

/** The handler of a request, if its route accepted the upgrade. */
export function takenOffer(request: Request): SocketHandler | undefined {
  return offers.get(request)?.handler
}

/**
 * Accepts the upgrade of a request to a WebSocket.
 *
 * @returns a placeholder response, which is not sent
 * @throws ApiError 426 if the client asked for none
 */
export function upgrade(request: Request, handler: SocketHandler): Response {
  const offer = offers.get(request)
  if (offer === undefined) {
    throw new ApiError(
      'invalid_request_error',
      'This address is a WebSocket: send Upgrade: websocket, or POST for a response over HTTP.',
      { status: 426 },
    )
  }
  offer.handler = handler
  return new Response(null)
}
