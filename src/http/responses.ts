import type { ResponseStreamEvent } from 'openai/resources/responses/responses'

import { invalid } from '../openai/invalid.ts'
import type { WireResponse } from '../openai/responses/reply.ts'
import { parseResponsesRequest } from '../openai/responses/request.ts'
import { ResponseStream } from '../openai/responses/stream.ts'
import { COMMENT, encodeEvent, type SseFormat, sseStream } from '../stream/sse.ts'
import { BackgroundResponse } from './background-response.ts'
import { idHeaders, STREAM_HEADERS } from './reply.ts'
import {
  beginResponse,
  type PreparedResponse,
  prepareResponse,
  type ResponsesOptions,
  secondsNow,
} from './response-run.ts'
import type { CallersResponses } from './response-store.ts'

export type { ResponsesOptions } from './response-run.ts'

/**
 * Answers `POST /v1/responses`: the way of `POST /v1/messages`, translated at its two ends.
 *
 * @throws ApiError where the request is wrong, what it goes on from is not remembered, or its reply
 * did not begin
 */
export async function postResponse(
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const { bodies, pingInterval, onError } = options
  const body = parseResponsesRequest(await bodies.readJson(request))
  const prepared = prepareResponse(body, id, options)
  if (body.background === true) return postBackground(prepared, request, id, options)

  const { reply, headers, remember } = await beginResponse(prepared, request, id, options)
  if (body.stream !== true) {
    const { response } = remember(await reply.whole())
    return Response.json(response, { headers })
  }
  const format = responsesFormat(new ResponseStream(prepared.head, reply, secondsNow), () =>
    remember(reply.message()),
  )
  const stream = sseStream(reply, { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

/** @param onWhole is called before the client can know that the reply is whole */
function responsesFormat(stream: ResponseStream, onWhole: () => void): SseFormat {
  return {
    event: (event) => {
      const text = stream.push(event).map(encodeEvent).join('')
      if (event.type === 'message_stop') onWhole()
      return text
    },
    error: (error) => stream.fail(error).map(encodeEvent).join(''),
    ping: COMMENT,
  }
}

/** Answers at once; the response is made whether its client stays or not. */
function postBackground(
  prepared: PreparedResponse,
  request: Request,
  id: string,
  options: ResponsesOptions,
): Response {
  const { head, responses, input } = prepared
  const body = head.request
  if (body.store === false) {
    throw invalid('background: a response in the background has to be stored.', 'background')
  }
  const { url, headers } = request
  const job = new BackgroundResponse({
    head,
    model: options.modelOf(body.model ?? undefined),
    begin: (signal) => beginResponse(prepared, new Request(url, { headers, signal }), id, options),
    now: secondsNow,
    onError: options.onError,
  })
  responses.run(job, input)
  if (body.stream === true) return eventsResponse(job.after(-1), id, options)
  return Response.json(job.response, { headers: idHeaders(id) })
}

/**
 * Answers `GET /v1/responses/{id}`; with `stream=true` its events, those after `starting_after` alone.
 *
 * @throws ApiError 404, or 400 if its events are not kept
 */
export function getResponse(
  responseId: string,
  query: URLSearchParams,
  responses: CallersResponses,
  id: string,
  options: ResponsesOptions,
): Response {
  const job = responses.running(responseId)
  if (query.get('stream') !== 'true') {
    return Response.json(responses.get(responseId), { headers: idHeaders(id) })
  }
  const after = Number(query.get('starting_after') ?? -1)
  if (!Number.isInteger(after)) {
    throw invalid('starting_after: Input should be a whole number', 'starting_after')
  }
  const events = job?.after(after) ?? storedEvents(responses, responseId, after)
  return eventsResponse(events, id, options)
}

function storedEvents(
  responses: CallersResponses,
  responseId: string,
  after: number,
): AsyncIterable<ResponseStreamEvent> {
  const { events } = responses.stored(responseId)
  if (events === undefined) {
    throw invalid('stream: the events of a response are kept with background alone.', 'stream')
  }
  return listed(events.slice(after + 1))
}

async function* listed(
  events: readonly ResponseStreamEvent[],
): AsyncGenerator<ResponseStreamEvent, void> {
  yield* events
}

function eventsResponse(
  events: AsyncIterable<ResponseStreamEvent>,
  id: string,
  { pingInterval, onError }: ResponsesOptions,
): Response {
  const stream = sseStream(events, { format: AS_THEY_ARE, pingInterval, onError })
  return new Response(stream, { headers: { ...idHeaders(id), ...STREAM_HEADERS } })
}

/** Nothing is translated any more, and what fails is among the events. */
const AS_THEY_ARE: SseFormat = { event: encodeEvent, error: () => '', ping: COMMENT }

/**
 * Answers `POST /v1/responses/{id}/cancel`. A response that is over stays as it is.
 *
 * @throws ApiError 404, or 400 for a response that is not in the background
 */
export function cancelResponse(responseId: string, responses: CallersResponses): WireResponse {
  responses.running(responseId)?.cancel()
  const response = responses.get(responseId)
  if (response.background === true) return response
  throw invalid('Only a response that is made in the background can be cancelled.')
}
