import type { ResponseStreamEvent } from 'openai/resources/responses/responses'

import type { ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { emptyResponse, type ResponseHead, type WireResponse } from '../openai/responses/reply.ts'
import { ResponseStream } from '../openai/responses/stream.ts'
import type { Past } from '../openai/responses/request.ts'
import type { BackgroundJob } from '../responses/stored.ts'
import type { Reply } from '../stream/reply.ts'
import type { ResponseRun } from './response-run.ts'

export type BackgroundInput = {
  head: ResponseHead
  /** The model that the request names. The answering model is not known yet. */
  model: string
  /** Sends the request, once the response is started. */
  begin: (signal: AbortSignal) => Promise<ResponseRun>
  /** Seconds since 1970. */
  now: () => number
  /** Receives errors that are not an ApiError. */
  onError: (error: unknown) => void
}

/** A response that is completed even if its client does not wait. */
export class BackgroundResponse implements BackgroundJob {
  response: WireResponse
  added: Past | undefined
  isOver = false
  readonly events: ResponseStreamEvent[] = []
  readonly #input: BackgroundInput
  readonly #stream: ResponseStream
  readonly #controller = new AbortController()
  #reply: Reply | undefined
  #wake: (() => void)[] = []

  constructor(input: BackgroundInput) {
    this.#input = input
    const folded = {
      soFar: () => this.#reply?.soFar(),
      message: () => whole(this.#reply),
    }
    this.#stream = new ResponseStream(input.head, folded, input.now)
    this.response = { ...emptyResponse(input.model, input.head), status: 'queued' }
    this.#add(this.#stream.queue(input.model))
  }

  /** Sends the request. Call it once. */
  start(): void {
    void this.#run().finally(() => {
      this.isOver = true
      this.#notify()
    })
  }

  cancel(): void {
    if (this.isOver || this.#controller.signal.aborted) return
    this.response = { ...this.response, status: 'cancelled' }
    this.#controller.abort()
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller
    try {
      const { reply, remember } = await this.#input.begin(signal)
      this.#reply = reply
      for await (const event of reply) {
        const translated = this.#stream.push(event)
        if (event.type === 'message_stop' && !signal.aborted) {
          this.added = (await remember(reply.message())).added
        }
        this.#add(translated)
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiError)) this.#input.onError(error)
      const shown =
        error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
      this.#add(this.#stream.fail(shown))
    }
  }

  #add(events: readonly ResponseStreamEvent[]): void {
    if (this.#controller.signal.aborted) return
    for (const event of events) {
      this.events.push(event)
      if ('response' in event) this.response = event.response as unknown as WireResponse
      if (event.type === 'response.output_item.done') {
        this.response = { ...this.response, output: [...this.response.output, event.item] }
      }
    }
    this.#notify()
  }

  #notify(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

function whole(reply: Reply | undefined): ReplyMessage {
  if (reply === undefined) throw new Error('The reply has not begun.')
  return reply.message()
}
