import type { ApiError } from '../errors.ts'

export type OpenaiErrorBody = {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/**
 * An error as OpenAI's clients read it. The type stays the API's own: theirs has the same words for
 * what a program can act on.
 * Source: https://platform.openai.com/docs/guides/error-codes
 */
export function openaiErrorBody({ message, type, details }: ApiError): OpenaiErrorBody {
  const { param, code } = (details ?? {}) as { param?: unknown; code?: unknown }
  return {
    error: {
      message,
      type,
      param: typeof param === 'string' ? param : null,
      code: typeof code === 'string' ? code : (CODES.get(type) ?? null),
    },
  }
}

/** The codes that clients look at, for errors that have none of their own. */
const CODES = new Map([
  ['authentication_error', 'invalid_api_key'],
  ['rate_limit_error', 'rate_limit_exceeded'],
])
