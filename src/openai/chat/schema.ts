import { z } from 'zod'

/*
 * The fields that the translation relies on. Ignored fields may have any value.
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

const functionCall = z.looseObject({ name: z.string(), arguments: z.string() })

const toolCall = z.union([
  z.looseObject({
    id: z.string(),
    type: z.literal('custom'),
    custom: z.looseObject({ name: z.string(), input: z.string() }),
  }),
  z.looseObject({ id: z.string(), type: z.literal('function').nullish(), function: functionCall }),
])

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
      function_call: functionCall.nullish(),
    }),
    z.looseObject({
      role: z.literal('tool'),
      content: content.nullish(),
      tool_call_id: z.string(),
    }),
    z.looseObject({
      role: z.literal('function'),
      content: z.string().nullish(),
      name: z.string(),
    }),
  ],
  "Input should be a message of role 'system', 'developer', 'user', 'assistant', 'tool' or 'function'",
)

const named = z.looseObject({ name: z.string() })

const definition = z.looseObject({
  name: z.string(),
  description: z.string().nullish(),
  parameters: object.nullish(),
  strict: z.boolean().nullish(),
})

const grammar = z.looseObject({ syntax: z.string(), definition: z.string() })

const tool = z.discriminatedUnion(
  'type',
  [
    z.looseObject({ type: z.literal('function'), function: definition }),
    z.looseObject({
      type: z.literal('custom'),
      custom: z.looseObject({
        name: z.string(),
        description: z.string().nullish(),
        format: z
          .discriminatedUnion('type', [
            z.looseObject({ type: z.literal('text') }),
            z.looseObject({ type: z.literal('grammar'), grammar }),
          ])
          .nullish(),
      }),
    }),
  ],
  "Input should be a tool of type 'function' or 'custom'",
)

const namedTool = z.union([
  z.looseObject({ type: z.literal('function'), function: named }),
  z.looseObject({ type: z.literal('custom'), custom: named }),
])

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  namedTool,
  z.looseObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.looseObject({
      mode: z.enum(['auto', 'required']),
      tools: z.array(namedTool),
    }),
  }),
])

const place = z.looseObject({
  city: z.string().nullish(),
  country: z.string().nullish(),
  region: z.string().nullish(),
  timezone: z.string().nullish(),
})

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
    n: z.int().min(1).max(128).nullish(),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    functions: z.array(definition).nullish(),
    function_call: z.union([z.enum(['none', 'auto']), named]).nullish(),
    web_search_options: z
      .looseObject({ user_location: z.looseObject({ approximate: place }).nullish() })
      .nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    response_format: z
      .looseObject({
        type: z.string(),
        json_schema: z
          .looseObject({ schema: object.nullish(), strict: z.boolean().nullish() })
          .nullish(),
      })
      .nullish(),
    reasoning_effort: z.string().nullish(),
    modalities: z.array(z.string()).nullish(),
    thinking: z.looseObject({ type: z.string() }).nullish(),
  },
  'Input should be an object',
)
