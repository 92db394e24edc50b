import { z } from 'zod'

/* As for chats: what the translation relies on, and nothing more. */

const object = z.looseObject({})

const text = z.looseObject({ type: z.enum(['input_text', 'output_text']), text: z.string() })

const part = z.discriminatedUnion(
  'type',
  [
    text,
    z.looseObject({
      type: z.literal('input_image'),
      image_url: z.string().nullish(),
      file_id: z.string().nullish(),
    }),
    z.looseObject({
      type: z.literal('input_file'),
      file_data: z.string().nullish(),
      file_id: z.string().nullish(),
      file_url: z.string().nullish(),
      filename: z.string().nullish(),
    }),
  ],
  "Input should be a part of type 'input_text', 'input_image' or 'input_file'",
)

const textPart = z.discriminatedUnion(
  'type',
  [text, z.looseObject({ type: z.literal('refusal'), refusal: z.string() })],
  "Input should be a part of type 'input_text', 'output_text' or 'refusal'",
)

const content = z.union([z.string(), z.array(part)])
const textContent = z.union([z.string(), z.array(textPart)])

const message = z.discriminatedUnion(
  'role',
  [
    z.looseObject({ type: z.literal('message'), role: z.literal('user'), content }),
    z.looseObject({
      type: z.literal('message'),
      role: z.enum(['assistant', 'system', 'developer']),
      content: textContent,
    }),
  ],
  "Input should be a message of role 'user', 'assistant', 'system' or 'developer'",
)

const item = z.preprocess(
  withType,
  z.discriminatedUnion(
    'type',
    [
      message,
      z.looseObject({
        type: z.literal('function_call'),
        call_id: z.string(),
        name: z.string(),
        arguments: z.string(),
      }),
      z.looseObject({
        type: z.literal('function_call_output'),
        call_id: z.string(),
        output: content,
      }),
      z.looseObject({ type: z.literal('reasoning'), encrypted_content: z.string().nullish() }),
      z.looseObject({ type: z.literal('web_search_call') }),
      z.looseObject({ type: z.literal('item_reference'), id: z.string() }),
    ],
    'Input should be a message, function_call, function_call_output, reasoning, web_search_call or item_reference',
  ),
)

/** A message may come without its type. */
function withType(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !('type' in value)
    ? { type: 'message', ...value }
    : value
}

const tool = z.discriminatedUnion(
  'type',
  [
    z.looseObject({
      type: z.literal('function'),
      name: z.string(),
      description: z.string().nullish(),
      parameters: object.nullish(),
      strict: z.boolean().nullish(),
    }),
    z.looseObject({
      type: z.enum([
        'web_search',
        'web_search_2025_08_26',
        'web_search_preview',
        'web_search_preview_2025_03_11',
      ]),
      filters: z.looseObject({ allowed_domains: z.array(z.string()).nullish() }).nullish(),
      user_location: object.nullish(),
    }),
  ],
  "Input should be a tool of type 'function' or 'web_search': the API has no other of OpenAI's",
)

const named = z.looseObject({ type: z.string(), name: z.string().optional() })

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({ type: z.literal('function'), name: z.string() }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']),
    tools: z.array(named),
  }),
  z.looseObject({ type: z.string().startsWith('web_search') }),
])

export const responsesRequestSchema = z.looseObject(
  {
    model: z.string().nullish(),
    input: z.union([z.string(), z.array(item)]).nullish(),
    instructions: z.string().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    previous_response_id: z.string().nullish(),
    store: z.boolean().nullish(),
    stream: z.boolean().nullish(),
    max_output_tokens: z.number().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z
      .looseObject({
        format: z.looseObject({ type: z.string(), schema: object.nullish() }).nullish(),
      })
      .nullish(),
    reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
    include: z.array(z.string()).nullish(),
  },
  'Input should be an object',
)
