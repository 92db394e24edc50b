import type { ApiError } from '../errors.ts'

export type OpenaiErrorBody = {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/**
 * An error in the form for OpenAI's clients. The type stays the API's own, because OpenAI uses the
 * same words for the types that programs act on.
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

/** The codes that clients look for, for errors without a code of their own. */
const CODES = new Map([
  ['authentication_error', 'invalid_api_key'],
  ['rate_limit_error', 'rate_limit_exceeded'],
])
