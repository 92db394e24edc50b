/**
 * Answers a request like `fetch`: once the request's signal aborts, it rejects with the signal's
 * reason, whatever the routes answer.
 */
export async function fetchFrom(
  answer: (request: Request) => Response | Promise<Response>,
  request: Request,
): Promise<Response> {
  const { signal } = request
  signal.throwIfAborted()
  const answered = answer(request)
  let leave: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([answered, aborted])
  } finally {
    if (leave !== undefined) signal.removeEventListener('abort', leave)
  }
}
