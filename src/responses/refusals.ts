import { ApiError } from '../errors.ts'
import { invalid } from '../openai/invalid.ts'

/** Maximum background responses that a server makes at a time, for all clients together. */
export const MAX_RUNNING = 200

export function tooManyRunning(): ApiError {
  return new ApiError(
    'overloaded_error',
    `There are ${MAX_RUNNING} responses in the background already.`,
  )
}

/**
 * Maximum characters of the items of a conversation, about. A request to the API may have 32 MB.
 * Less than the room for all conversations in memory.
 */
export const MAX_CONVERSATION = 30_000_000

export function conversationFull(): ApiError {
  return invalid(
    `conversation: its items would take more than ${MAX_CONVERSATION / 1e6} MB. Delete some, or begin another conversation.`,
    'conversation',
  )
}

/**
 * Maximum bytes of stored responses that one request may refer to. A response has its texts about
 * three times: for the client, for its continuation, and as events.
 */
export const MAX_REFERRED = 100_000_000

export function tooMuchReferred(): ApiError {
  return invalid(
    `The stored responses that the request refers to take more than ${MAX_REFERRED / 1e6} MB. Send the input itself.`,
    'input',
  )
}

/** @param kept a sentence about how long responses are kept */
export function responseNotFound(id: string, kept: string): ApiError {
  return new ApiError('not_found_error', `There is no response '${id}'. ${kept}`)
}

export function previousNotFound(id: string, kept: string): ApiError {
  return invalid(
    `previous_response_id: there is no response '${id}'. ${kept} Send the whole input instead.`,
    'previous_response_id',
    'previous_response_not_found',
  )
}

export function notInBackground(): ApiError {
  return invalid('Only a response that is made in the background can be cancelled.')
}

export function noEvents(): ApiError {
  return invalid('stream: only the events of a background response are kept.', 'stream')
}

export function conversationNotFound(id: string, kept: string): ApiError {
  return new ApiError('not_found_error', `There is no conversation '${id}'. ${kept}`)
}

export function itemNotFound(id: string, itemId: string): ApiError {
  return new ApiError('not_found_error', `There is no item '${itemId}' in conversation '${id}'.`)
}
