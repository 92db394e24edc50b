import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import type { ErrorType } from '../../src/errors.ts'

export type AnswerHeaders = Record<string, string>

/** The stand-in's reaction to a request for a message. */
export type Answer =
  | { kind: 'message'; message: Message; headers: AnswerHeaders }
  | ({ kind: 'events'; elements: StreamElement[] } & Required<EventsOptions>)
  | { kind: 'error'; status: number; type: string; message: string; headers: AnswerHeaders }
  | { kind: 'raw'; status: number; headers: AnswerHeaders; body: string }
  | { kind: 'stall' }
  | { kind: 'cutBeforeAnswer' }

const CUT = Symbol('cut')
const HANG = Symbol('hang')

/** An event, known to the API or not. */
export type StreamEvent = RawMessageStreamEvent | { type: string; [field: string]: unknown }

/**
 * One step of a scripted stream: an event to send, a gate that is awaited before the stream
 * continues, or the stream's end by `cut()` or `hang()`.
 */
export type StreamElement = StreamEvent | (() => Promise<void>) | typeof CUT | typeof HANG

export type EventsOptions = {
  /** Milliseconds between two events. */
  delayBetween?: number
  /** Bytes of one write to the socket; 0 writes each event at once. */
  chunking?: number
  headers?: AnswerHeaders
}

/** A whole message: as events if the request asks for a stream, or else as JSON. */
export function message(content: Message, headers: AnswerHeaders = {}): Answer {
  return { kind: 'message', message: content, headers }
}

/**
 * A stream of exactly these events, even if the request does not ask for a stream. It ends normally
 * after the last element, even if the API would not end it there.
 */
export function events(elements: StreamElement[], options: EventsOptions = {}): Answer {
  return { kind: 'events', elements, delayBetween: 0, chunking: 0, headers: {}, ...options }
}

/** The API's error body with this status. */
export function error(
  status: number,
  type: ErrorType | (string & {}),
  text: string,
  headers: AnswerHeaders = {},
): Answer {
  return { kind: 'error', status, type, message: text, headers }
}

/** Any other answer: HTML of a gateway, broken JSON, no body. */
export function raw(status: number, headers: AnswerHeaders, body: string): Answer {
  return { kind: 'raw', status, headers, body }
}

/** Never answers; the connection stays open. */
export function stall(): Answer {
  return { kind: 'stall' }
}

/** Drops the connection instead of answering. */
export function cutBeforeAnswer(): Answer {
  return { kind: 'cutBeforeAnswer' }
}

/** In `events`: drops the connection here. */
export function cut(): typeof CUT {
  return CUT
}

/** In `events`: sends nothing more; the connection stays open. */
export function hang(): typeof HANG {
  return HANG
}

export function isCut(element: StreamElement): element is typeof CUT {
  return element === CUT
}

export function isHang(element: StreamElement): element is typeof HANG {
  return element === HANG
}

/**
 * For `events`: a reply that takes some time, like every reply of the API. The gate that keeps the
 * runtime from asking twice needs about 10 ms, or 60 in a new process.
 */
export const PACE: EventsOptions = { delayBetween: 15 }
