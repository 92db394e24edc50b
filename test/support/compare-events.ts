import type { StreamEvent } from './answers.ts'

/**
 * Parses a stream of server-sent events strictly: each event has a line with its name, a line with
 * its JSON and a blank line, and the name is the type.
 *
 * @throws Error for anything else, and if the stream ends inside an event
 */
export function parseEvents(stream: string): StreamEvent[] {
  if (stream === '') return []
  const parts = stream.split('\n\n')
  if (parts.pop() !== '') throw new Error(`The stream ends inside an event: ${stream.slice(-200)}`)
  return parts.map((part) => {
    const [, name, data] = /^event: ([^\n]+)\ndata: ([^\n]+)$/.exec(part) ?? []
    if (name === undefined || data === undefined) throw new Error(`Not an event: ${part}`)
    const event = JSON.parse(data) as StreamEvent
    if (event.type !== name) throw new Error(`An event ${event.type} by the name of ${name}`)
    return event
  })
}

/** The events of a streamed response, to its end. */
export async function eventsIn(response: Response): Promise<StreamEvent[]> {
  return parseEvents(await response.text())
}

/** The events of a streamed response as they arrive. */
export async function* eventsAsTheyCome(response: Response): AsyncGenerator<StreamEvent, void> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of response.body ?? []) {
    pending += decoder.decode(chunk, { stream: true })
    const end = pending.lastIndexOf('\n\n') + 2
    if (end < 2) continue
    yield* parseEvents(pending.slice(0, end))
    pending = pending.slice(end)
  }
  yield* parseEvents(pending)
}

export function withoutPings<Event extends { type: string }>(events: readonly Event[]): Event[] {
  return events.filter((event) => event.type !== 'ping')
}
