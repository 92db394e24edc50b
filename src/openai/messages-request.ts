import type { BetaTextBlockParam } from '@anthropic-ai/sdk/resources/beta/messages'

import type { MessagesRequest, SentMessage, ToolDefinition } from '../api/types.ts'
import { type AskedFormat, outputFormat } from './output-format.ts'
import { reasoningFields } from './reasoning.ts'
import { type AskedChoice, toolFields } from './tool-choice.ts'

type Maybe<Value> = Value | null | undefined

/** A request of either dialect, in common terms. For absent fields the API's defaults apply. */
export type Asked = {
  model: Maybe<string>
  system: readonly string[]
  messages: SentMessage[]
  stream: Maybe<boolean>
  maxTokens: Maybe<number>
  /** 0 to 2. */
  temperature: Maybe<number>
  topP: Maybe<number>
  stop?: Maybe<string[]>
  tools: readonly ToolDefinition[]
  toolChoice: AskedChoice | undefined
  parallelToolCalls: Maybe<boolean>
  format: Maybe<AskedFormat>
  effort: Maybe<string>
  thinking?: Maybe<{ type: string }>
}

/** The path of a field in the client's request, for errors. */
export type FieldNames = { format: string; effort: string }

/**
 * Translates it into a request for the Messages API.
 *
 * @throws ApiError if the API does not support it
 */
export function messagesRequest(asked: Asked, names: FieldNames): MessagesRequest {
  const { format, instruction } = outputFormat(asked.format, names.format)
  const tools = toolFields(asked.tools, asked.toolChoice, asked.parallelToolCalls)
  const reasoning = reasoningFields(asked.effort, names.effort, tools.tool_choice)
  const system = [...asked.system, ...(instruction === undefined ? [] : [instruction])]
  const outputConfig = { ...reasoning.output_config, ...(format && { format }) }
  return {
    messages: asked.messages,
    ...present({
      model: asked.model,
      system: system.length > 0 ? system.map(textBlock) : undefined,
      stream: asked.stream,
      max_tokens: asked.maxTokens,
      // The API's scale ends at 1.
      temperature: asked.temperature && Math.min(asked.temperature, 1),
      top_p: asked.topP,
      stop_sequences: asked.stop,
      thinking: asked.thinking ?? reasoning.thinking,
      output_config: Object.keys(outputConfig).length > 0 ? outputConfig : undefined,
    }),
    ...tools,
  }
}

function textBlock(text: string): BetaTextBlockParam {
  return { type: 'text', text }
}

type Present<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> }

function present<Fields extends object>(fields: Fields): Present<Fields> {
  const entries = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return Object.fromEntries(entries) as Present<Fields>
}
