import type {
  ResponseInputItem,
  ResponseItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'

import type { WireResponse } from '../openai/responses/reply.ts'
import type { Past } from '../openai/responses/request.ts'

/*
 * The objects that OpenAI's Responses API keeps between requests. They are in memory, or in the
 * database that replicas share. A client sees only its own; for other clients they do not exist.
 */

/** The owner of stored objects, by two names: one within this process, one for all replicas. */
export type Client = {
  /** From `callerOf`: valid until this process ends. */
  caller: string
  /** Like the `owner` of a batch. */
  owner: string
}

export type StoredResponse = {
  response: WireResponse
  /** The messages that its request added to the conversation, and the answer. */
  added: Past
  /** The input of its request. */
  input: ResponseItem[]
}

/** A response that is made even if its client leaves. */
export type BackgroundJob = {
  /** The current state of the response. */
  readonly response: WireResponse
  /** Its addition to the conversation, once it is complete. */
  readonly added: Past | undefined
  /** The events so far. The index of an event is its `sequence_number`. */
  readonly events: readonly ResponseStreamEvent[]
  /** Whether it has completed, failed or was cancelled. */
  readonly isOver: boolean
  /** Resolves at its next change, or its end. */
  changed: () => Promise<void>
  /** Ends the request upstream. A response that has ended stays unchanged. */
  cancel: () => void
}

/** The responses of one client. */
export type Responses = {
  /**
   * Keeps a complete response. Resolves also if it could not be kept, which is logged: the client
   * still gets the answer, which was paid for.
   */
  add: (stored: StoredResponse) => Promise<void>
  /**
   * Keeps a response in progress, and after its end.
   *
   * @param input of its request
   * @throws ApiError 529 if too many are being made
   */
  run: (job: BackgroundJob, input: ResponseItem[]) => Promise<void>
  /** @throws ApiError 404 */
  get: (id: string) => Promise<WireResponse>
  /**
   * Cancels a background response. A response that has ended stays unchanged.
   *
   * @throws ApiError 404, and 400 if it is not in the background
   */
  cancel: (id: string) => Promise<WireResponse>
  /**
   * The events of a background response after a number, including future ones.
   *
   * @throws ApiError 404, and 400 if it is not in the background
   */
  events: (id: string, after: number) => Promise<AsyncIterable<ResponseStreamEvent>>
  /** Deletes a response; a response in progress is cancelled. Throws an ApiError 404. */
  delete: (id: string) => Promise<void>
  /** @throws ApiError 400 if the response, or one before it, is not kept */
  past: (id: string | null | undefined) => Promise<Past>
  /**
   * The input of a response: the items of all responses before it, and its own.
   *
   * @throws ApiError 404, and 400 if one before it is not kept
   */
  input: (id: string) => Promise<ResponseItem[]>
  /** The output items with these ids, as far as they are kept, by their ids. */
  items: (ids: readonly string[]) => Promise<ReadonlyMap<string, ResponseInputItem>>
}

export type Conversation = {
  id: string
  object: 'conversation'
  /** Seconds since 1970. */
  created_at: number
  metadata: Record<string, string>
}

/**
 * The conversations of one client. All functions throw an ApiError 404 for an unknown conversation.
 */
export type Conversations = {
  create: (metadata: Conversation['metadata']) => Promise<Conversation>
  get: (id: string) => Promise<Conversation>
  update: (id: string, metadata: Conversation['metadata']) => Promise<Conversation>
  delete: (id: string) => Promise<void>
  /** The oldest first. */
  items: (id: string) => Promise<readonly ResponseItem[]>
  item: (id: string, itemId: string) => Promise<ResponseItem>
  append: (id: string, items: readonly ResponseItem[]) => Promise<void>
  /** Adds the items of a response, unless the conversation was deleted meanwhile. */
  note: (id: string, items: readonly ResponseItem[]) => Promise<void>
  deleteItem: (id: string, itemId: string) => Promise<Conversation>
}

/** The stored objects of all clients of the Responses API. */
export type ResponseShelf = {
  responses: (client: Client) => Responses
  conversations: (client: Client) => Conversations
}
