import { z } from 'zod'

/*
 * What the translation relies on, and nothing more: fields that are ignored may have any value.
 * As OpenAI does, `null` is taken for absent.
 */

const object = z.looseObject({})

const text = z.looseObject({ type: z.literal('text'), text: z.string() })

const part = z.discriminatedUnion(
  'type',
  [
    text,
    z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) }),
    z.looseObject({
      type: z.literal('file'),
      file: z.looseObject({
        file_data: z.string().nullish(),
        file_id: z.string().nullish(),
        filename: z.string().nullish(),
      }),
    }),
    z.looseObject({ type: z.literal('input_audio') }),
  ],
  "Input should be a part of type 'text', 'image_url', 'file' or 'input_audio'",
)

const textPart = z.discriminatedUnion(
  'type',
  [text, z.looseObject({ type: z.literal('refusal'), refusal: z.string() })],
  "Input should be a part of type 'text' or 'refusal'",
)

const content = z.union([z.string(), z.array(part)])
const textContent = z.union([z.string(), z.array(textPart)])

const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal('function').optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})

const message = z.discriminatedUnion(
  'role',
  [
    z.looseObject({ role: z.enum(['system', 'developer']), content: textContent }),
    z.looseObject({ role: z.literal('user'), content }),
    z.looseObject({
      role: z.literal('assistant'),
      content: textContent.nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(toolCall).nullish(),
    }),
    z.looseObject({ role: z.literal('tool'), content, tool_call_id: z.string() }),
  ],
  "Input should be a message of role 'system', 'developer', 'user', 'assistant' or 'tool'",
)

const tool = z.looseObject({
  type: z.literal('function', "Input should be 'function': the API has no other tools of a client"),
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: object.nullish(),
    strict: z.boolean().nullish(),
  }),
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({
      mode: z.enum(['auto', 'required']),
      tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })),
    }),
  }),
])

export const chatRequestSchema = z.looseObject(
  {
    model: z.string().nullish(),
    messages: z.array(message),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    max_tokens: z.number().nullish(),
    max_completion_tokens: z.number().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    stop: z.union([z.string(), z.array(z.string())]).nullish(),
    n: z.number().nullish(),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    response_format: z
      .looseObject({
        type: z.string(),
        json_schema: z.looseObject({ schema: object.nullish() }).nullish(),
      })
      .nullish(),
    reasoning_effort: z.string().nullish(),
    modalities: z.array(z.string()).nullish(),
    thinking: z.looseObject({ type: z.string() }).nullish(),
  },
  'Input should be an object',
)
