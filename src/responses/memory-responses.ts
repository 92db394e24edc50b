import type { ResponseItem, ResponseStreamEvent } from 'openai/resources/responses/responses'

import type { WireResponse } from '../openai/responses/reply.ts'
import { NO_PAST, type Past } from '../openai/responses/request.ts'
import { itemsById, itemsOf, pastOf, responsesOfItems } from './chain.ts'
import { MemoryRoom } from './memory-room.ts'
import {
  MAX_RUNNING,
  noEvents,
  notInBackground,
  previousNotFound,
  responseNotFound,
  tooManyRunning,
} from './refusals.ts'
import type { BackgroundJob, Responses, StoredResponse } from './stored.ts'

/** @param events only of a background response */
type Kept = StoredResponse & { events?: readonly ResponseStreamEvent[] }

type Running = { job: BackgroundJob; input: ResponseItem[] }

const RETENTION_NOTE = 'Responses are kept in memory, for some time, unless store is false.'

/** Keeps responses in memory. */
export class MemoryResponses {
  readonly #stored: MemoryRoom<Kept>
  readonly #running = new Map<string, Running>()

  /** @param limit characters of JSON, about */
  constructor(limit?: number) {
    this.#stored = new MemoryRoom(limit)
  }

  /** @param caller the owner of the responses, a name from `callerOf` */
  of(caller: string): Responses {
    return new CallersResponses(this.#stored, this.#running, caller)
  }
}

class CallersResponses implements Responses {
  readonly #stored: MemoryRoom<Kept>
  readonly #running: Map<string, Running>
  readonly #caller: string

  constructor(stored: MemoryRoom<Kept>, running: Map<string, Running>, caller: string) {
    this.#stored = stored
    this.#running = running
    this.#caller = caller
  }

  async add(stored: StoredResponse): Promise<void> {
    this.#stored.set(this.#caller, stored.response.id, stored)
  }

  async run(job: BackgroundJob, input: ResponseItem[]): Promise<void> {
    if (this.#running.size >= MAX_RUNNING) throw tooManyRunning()
    const name = this.#nameOf(job.response.id)
    this.#running.set(name, { job, input })
    void this.#keepWhenOver(name, job, input)
  }

  async #keepWhenOver(name: string, job: BackgroundJob, input: ResponseItem[]): Promise<void> {
    while (!job.isOver) await job.changed()
    // A response that was deleted meanwhile stays deleted.
    if (!this.#running.delete(name)) return
    const { response, events, added = NO_PAST } = job
    this.#stored.set(this.#caller, response.id, { response, added, input, events })
  }

  async get(id: string): Promise<WireResponse> {
    return this.#running.get(this.#nameOf(id))?.job.response ?? this.#get(id).response
  }

  async cancel(id: string): Promise<WireResponse> {
    this.#running.get(this.#nameOf(id))?.job.cancel()
    const response = await this.get(id)
    if (response.background !== true) throw notInBackground()
    return response
  }

  async events(id: string, after: number): Promise<AsyncIterable<ResponseStreamEvent>> {
    const running = this.#running.get(this.#nameOf(id))
    if (running !== undefined) return eventsOfJob(running.job, after)
    const { events } = this.#get(id)
    if (events === undefined) throw noEvents()
    return listed(events.slice(after + 1))
  }

  async delete(id: string): Promise<void> {
    const name = this.#nameOf(id)
    const running = this.#running.get(name)
    this.#running.delete(name)
    running?.job.cancel()
    if (!this.#stored.delete(this.#caller, id) && running === undefined)
      throw responseNotFound(id, RETENTION_NOTE)
  }

  async past(id: string | null | undefined): Promise<Past> {
    return pastOf(this.#chain(id).map(({ added }) => added))
  }

  async input(id: string): Promise<ResponseItem[]> {
    const running = this.#running.get(this.#nameOf(id))
    const input = running?.input ?? this.#get(id).input
    const { previous_response_id: previous } = await this.get(id)
    return [...itemsOf(this.#chain(previous)), ...input]
  }

  async items(ids: readonly string[]): ReturnType<Responses['items']> {
    const responses = new Map<string, WireResponse>()
    for (const id of responsesOfItems(ids)) {
      const stored = this.#find(id)
      if (stored !== undefined) responses.set(id, stored.response)
    }
    return itemsById(ids, responses)
  }

  /** A response and those before it, the oldest first. */
  #chain(id: string | null | undefined): StoredResponse[] {
    const chain: StoredResponse[] = []
    for (let next = id; next;) {
      const stored = this.#find(next)
      if (stored === undefined) throw previousNotFound(next, RETENTION_NOTE)
      chain.unshift(stored)
      next = stored.response.previous_response_id
    }
    return chain
  }

  #get(id: string): Kept {
    const stored = this.#find(id)
    if (stored === undefined) throw responseNotFound(id, RETENTION_NOTE)
    return stored
  }

  #find(id: string): Kept | undefined {
    return this.#stored.get(this.#caller, id)
  }

  #nameOf(id: string): string {
    return `${this.#caller} ${id}`
  }
}

async function* eventsOfJob(
  job: BackgroundJob,
  after: number,
): AsyncGenerator<ResponseStreamEvent, void> {
  for (let next = after + 1; ;) {
    const event = job.events[next]
    if (event !== undefined) {
      next += 1
      yield event
    } else if (job.isOver) return
    else await job.changed()
  }
}

async function* listed(
  events: readonly ResponseStreamEvent[],
): AsyncGenerator<ResponseStreamEvent, void> {
  yield* events
}
