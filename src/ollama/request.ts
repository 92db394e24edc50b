import type { MessagesRequest } from '../api/types.ts'
import { CallIds } from '../openai/call-ids.ts'
import { LegacyCalls } from '../openai/chat/legacy-calls.ts'
import { type ChatRequest, requestOfChat } from '../openai/chat/request.ts'
import { checkShape, invalid } from '../openai/invalid.ts'
import {
  chatSchema,
  generateSchema,
  type OllamaChat,
  type OllamaGenerate,
  type OllamaMessage,
  showSchema,
} from './schema.ts'

/** Ollama's names for the API's fields, if they differ. */
export const OLLAMA_NAMES: ReadonlyMap<string, string> = new Map([
  ['stop_sequences', 'stop'],
  ['thinking', 'think'],
  ['output_config.effort', 'think'],
])

/** @throws ApiError that names the wrong field */
export function parseChat(body: unknown): OllamaChat {
  checkShape(chatSchema, body)
  return body as OllamaChat
}

/** @throws ApiError that names the wrong or unsupported field */
export function parseGenerate(body: unknown): OllamaGenerate {
  checkShape(generateSchema, body)
  const request = body as OllamaGenerate
  if (request.suffix) throw invalid('suffix: the API can only continue the end of a text', 'suffix')
  return request
}

/** The name of the requested model. @throws ApiError if there is none */
export function parseShow(body: unknown): string {
  checkShape(showSchema, body)
  const { model, name } = body as { model?: string | null; name?: string | null }
  const asked = model ?? name
  if (!asked) throw invalid('model: Field required', 'model')
  return modelName(asked)
}

/** A chat of one turn, for a prompt to continue. */
export function chatOfGenerate(request: OllamaGenerate): OllamaChat {
  // Other fields are those of chats, and were not checked.
  const { model, stream, format, think, options, prompt, system, images } = request
  return {
    model,
    stream,
    format,
    think,
    options,
    messages: [
      ...(system ? [{ role: 'system' as const, content: system }] : []),
      { role: 'user', content: prompt ?? '', images },
    ],
  }
}

/**
 * Translates a chat into a request for the Messages API, by way of a chat completion, which has the
 * same parts.
 *
 * @throws ApiError if the API does not support it
 */
export function requestOfOllama(request: OllamaChat, callIds = new CallIds()): MessagesRequest {
  const { options, tools } = request
  const limit = options?.num_predict
  const calls = new LegacyCalls()
  const chat = {
    model: modelName(request.model),
    messages: request.messages.map((message) => chatMessage(message, calls)),
    stream: request.stream !== false,
    // -1 and -2 are Ollama's words for no limit.
    max_tokens: limit && limit > 0 ? limit : undefined,
    temperature: options?.temperature,
    top_p: options?.top_p,
    stop: options?.stop,
    tools: tools?.map((tool) => ({ type: 'function', function: tool.function })),
    response_format: formatOf(request.format),
    reasoning_effort: effortOf(request.think),
  }
  const topK = options?.top_k
  return {
    ...requestOfChat(chat as unknown as ChatRequest, callIds),
    ...(typeof topK === 'number' && { top_k: topK }),
  }
}

/** Ollama's clients add a tag to a name without one. */
function modelName(name: string): string {
  return name.replace(/:latest$/, '')
}

function chatMessage(message: OllamaMessage, calls: LegacyCalls): object {
  const content = message.content ?? ''
  switch (message.role) {
    case 'user':
      return { role: 'user', content: withImages(content, message.images ?? []) }
    case 'assistant':
      return { role: 'assistant', content, tool_calls: (message.tool_calls ?? []).map(toolCall) }
    case 'tool': {
      const id = message.tool_call_id || calls.answered(message.tool_name ?? undefined)
      return { role: 'tool', tool_call_id: id, content }
    }
    case 'system':
      return { role: 'system', content }
    default:
      message.role satisfies never
      return {}
  }

  /** Older clients have no ids; then calls and results are matched by name and order. */
  function toolCall(call: NonNullable<OllamaMessage['tool_calls']>[number]): object {
    const { name, arguments: input } = call.function
    const text = typeof input === 'string' ? input : JSON.stringify(input ?? {})
    const id = call.id || calls.made(name)
    return { id, type: 'function', function: { name, arguments: text } }
  }
}

/** Ollama's images are base64 without a type; the first bytes show it. */
function withImages(text: string, images: readonly string[]): string | object[] {
  if (images.length === 0) return text
  const parts = images.map((data) => ({
    type: 'image_url',
    image_url: { url: data.startsWith('data:') ? data : `data:image/png;base64,${data}` },
  }))
  return [{ type: 'text', text }, ...parts]
}

function formatOf(format: OllamaChat['format']): object | undefined {
  if (format === undefined || format === null || format === '') return undefined
  if (format === 'json') return { type: 'json_object' }
  if (typeof format === 'string') {
    throw invalid("format: Input should be 'json' or a JSON Schema", 'format')
  }
  return { type: 'json_schema', json_schema: { name: 'format', schema: format } }
}

function effortOf(think: OllamaChat['think']): string | undefined {
  if (think === true) return 'high'
  return typeof think === 'string' && think !== '' ? think : undefined
}
