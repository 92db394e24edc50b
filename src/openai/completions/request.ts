import type { CompletionCreateParams } from 'openai/resources/completions'
import { z } from 'zod'

import type { ChatRequest } from '../chat/request.ts'
import { checkShape, invalid } from '../invalid.ts'

const completionRequestSchema = z.looseObject(
  {
    model: z.string().nullish(),
    prompt: z.union(
      [z.string(), z.array(z.string()).min(1).max(128)],
      'Input should be a text or a list of texts; tokens are not supported',
    ),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    max_tokens: z.number().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    stop: z.union([z.string(), z.array(z.string())]).nullish(),
    n: z.int().min(1).max(128).nullish(),
    echo: z.boolean().nullish(),
    suffix: z.string().nullish(),
  },
  'Input should be an object',
)

export type CompletionRequest = CompletionCreateParams

/**
 * Checks that a body is a request for completions, the dialect before chats.
 *
 * @throws ApiError that names the wrong or unsupported field
 */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  checkShape(completionRequestSchema, body)
  const request = body as CompletionRequest
  if (request.suffix) {
    throw invalid(
      'suffix: the API can only continue the end of a text',
      'suffix',
      'unsupported_parameter',
    )
  }
  const choices = promptsOf(request).length * (request.n ?? 1)
  if (choices > MAX_CHOICES) {
    throw invalid(`n: at most ${MAX_CHOICES} choices are allowed, for all prompts together`, 'n')
  }
  return request
}

const MAX_CHOICES = 128

export function promptsOf({ prompt }: CompletionRequest): string[] {
  return typeof prompt === 'string' ? [prompt] : (prompt as string[])
}

/** The chat for a prompt: one user message. */
export function chatOf(request: CompletionRequest, prompt: string): ChatRequest {
  const { model, stream, max_tokens, temperature, top_p, stop } = request
  const asked = { model, stream, max_tokens, temperature, top_p, stop }
  return { ...asked, messages: [{ role: 'user', content: prompt }] } as ChatRequest
}
