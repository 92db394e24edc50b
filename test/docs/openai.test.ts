import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

import { documentedFields, expectedFields, FIELD_TABLES } from '../../scripts/openai-fields.ts'
import { ApiError } from '../../src/errors.ts'
import { isOpenaiPath } from '../../src/http/openai-paths.ts'
import { chatCompletion } from '../../src/openai/chat/reply.ts'
import { parseChatRequest, requestOfChat } from '../../src/openai/chat/request.ts'
import { createChatStream } from '../../src/openai/chat/stream.ts'
import { emptyResponse } from '../../src/openai/responses/reply.ts'
import {
  NO_PAST,
  parseResponsesRequest,
  requestOfResponse,
} from '../../src/openai/responses/request.ts'
import { ToolNames } from '../../src/openai/responses/tool-names.ts'
import { createFold } from '../../src/stream/fold.ts'
import { codeSpans, headingAnchors, linesBetween, linkTargets } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENT = readFileSync(join(ROOT, 'docs/openai.md'), 'utf8')

const LOOK = { type: 'function', function: { name: 'look' } }

/** A value for each field that has an effect. */
const SAMPLES = {
  messages: [{ role: 'user', content: 'Another.' }],
  input: 'Another.',
  instructions: 'Be brief.',
  model: 'claude-haiku-4-5',
  stream: true,
  max_completion_tokens: 5,
  max_tokens: 5,
  max_output_tokens: 5,
  temperature: 0.5,
  top_p: 0.5,
  stop: 'END',
  n: 2,
  modalities: ['audio'],
  functions: [{ name: 'look' }],
  function_call: { name: 'look' },
  web_search_options: {},
  response_format: { type: 'json_object' },
  text: { format: { type: 'json_object' } },
  reasoning_effort: 'low',
  reasoning: { effort: 'low' },
  background: true,
  conversation: 'conv_1',
  prompt: { id: 'pmpt_1' },
  audio: { voice: 'ash', format: 'mp3' },
  frequency_penalty: 1,
  presence_penalty: 1,
  logit_bias: { '1': 1 },
  logprobs: true,
  top_logprobs: 1,
  metadata: { a: 'b' },
  moderation: { model: 'any' },
  prediction: { type: 'content', content: 'x' },
  prompt_cache_key: 'k',
  prompt_cache_options: { mode: 'explicit' },
  prompt_cache_retention: '24h',
  safety_identifier: 's',
  seed: 1,
  service_tier: 'flex',
  store: true,
  stream_options: { include_obfuscation: false },
  user: 'u',
  verbosity: 'low',
  context_management: [{ type: 'compaction' }],
  include: ['reasoning.encrypted_content'],
  truncation: 'auto',
  access_programs: { cyber: 'standard' },
  image: { context_compression: 'auto' },
  max_tool_calls: 3,
} as const

/** The fields that another field needs to have an effect. */
const BESIDE: Record<string, object> = {
  tools: {},
  tool_choice: { tools: [LOOK] },
  parallel_tool_calls: { tools: [LOOK] },
  function_call: { functions: [{ name: 'look' }] },
}

const CHOICES = { tools: [LOOK], tool_choice: 'required', parallel_tool_calls: false }

const CHAT = {
  title: 'chat fields',
  samples: { ...SAMPLES, ...CHOICES } as Record<string, unknown>,
  beside: BESIDE,
  translate: (fields: object) =>
    requestOfChat(
      parseChatRequest({ messages: [{ role: 'user', content: 'Hello.' }], ...fields }),
    ) as object,
  /** Fields whose effect is not in the request upstream. */
  elsewhere: ['stream_options', 'n'],
}

const flatTools = [{ type: 'function', name: 'look' }]

const RESPONSES = {
  title: 'responses fields',
  samples: { ...SAMPLES, ...CHOICES, tools: flatTools } as Record<string, unknown>,
  beside: {
    tool_choice: { tools: flatTools },
    parallel_tool_calls: { tools: flatTools },
  } as Record<string, object>,
  translate: (fields: object) =>
    requestOfResponse(
      parseResponsesRequest({ input: 'Hello.', ...fields }),
      'claude-sonnet-4-6',
      NO_PAST,
      () => undefined,
    ).request as object,
  elsewhere: ['previous_response_id', 'store', 'metadata', 'background', 'conversation'],
}

type Row = { field: string; what: string }

function rowsOf(title: string): Row[] {
  return linesBetween(DOCUMENT, `<!-- ${title} -->`, `<!-- end of ${title} -->`)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, field = '', what = ''] = line.split('|').map((cell) => cell.trim())
      return { field: field.replaceAll('`', ''), what }
    })
}

test.each(FIELD_TABLES)(
  "the table of $title has the fields of OpenAI's package, each once",
  (table) => {
    const documented = documentedFields(DOCUMENT, table.title)
    expect(documented.length).toBeGreaterThan(10)
    expect(sorted(documented)).toEqual(sorted(expectedFields(table)))
  },
)

describe('the fields of an answer', () => {
  const answered = answeredFields()

  test.each([...rowsOf('chat reply fields'), ...rowsOf('usage fields')])(
    '$field is $what',
    ({ field, what }) => {
      expect(['sent', 'never']).toContain(what)
      expect(answered.has(field)).toBe(what === 'sent')
    },
  )
})

/** The fields that answers have, with the prefixes of the tables. */
function answeredFields(): Set<string> {
  const events = [
    {
      type: 'message_start',
      message: { id: 'msg_1', model: 'm', content: [], usage: { input_tokens: 1 } },
    },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} },
    },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]
  const found = new Set<string>()
  const note = (prefix: string, value: object): void => {
    for (const name of Object.keys(value)) found.add(`${prefix}${name}`)
  }
  for (const isLegacy of [false, true]) {
    const style = { customTools: new Set<string>(), isLegacy }
    const fold = createFold()
    const reply = { message: () => fold.message() }
    const options = { created: 0, includeUsage: true, index: 0, style, reply }
    const stream = createChatStream(options)
    for (const event of events) {
      fold.push(event)
      for (const chunk of stream.push(event)) {
        note('chunk.', chunk)
        for (const choice of chunk.choices) {
          note('chunk.choice.', choice)
          note('delta.', choice.delta)
        }
      }
    }
    const whole = chatCompletion([fold.message()], { id: 'c', created: 0, style })
    note('', whole)
    for (const choice of whole.choices) {
      note('choice.', choice)
      note('message.', choice.message)
    }
    note('', whole.usage ?? {})
    note('prompt_tokens_details.', whole.usage?.prompt_tokens_details ?? {})
    note('completion_tokens_details.', whole.usage?.completion_tokens_details ?? {})
  }
  return found
}

function sorted(names: string[]): string[] {
  return names.toSorted((a, b) => a.localeCompare(b))
}

describe.each([CHAT, RESPONSES])(
  'the table of $title',
  ({ title, samples, beside, translate, elsewhere }) => {
    const rows = rowsOf(title)

    test('has rows', () => {
      expect(rows.length).toBeGreaterThan(20)
    })

    test.each(rows)('has the right outcome for $field: $what', ({ field, what }) => {
      const others = beside[field] ?? {}
      const asked = (): object => translate({ ...others, [field]: samples[field] })
      switch (what) {
        case 'refused':
          expect(asked).toThrow(ApiError)
          expect(asked).toThrow(new RegExp(`^${field}: `))
          break
        case 'ignored':
          expect(samples[field]).toBeDefined()
          expect(asked()).toEqual(translate(others))
          break
        case 'supported':
          if (elsewhere.includes(field)) expect(asked()).toEqual(translate(others))
          else expect(asked()).not.toEqual(translate(others))
          break
        default:
          throw new Error(`Neither supported, nor ignored, nor refused: ${what}`)
      }
    })
  },
)

test('metadata comes back in the response', () => {
  const request = parseResponsesRequest({ input: 'Hello.', metadata: SAMPLES.metadata })
  const response = emptyResponse('any', {
    id: 'resp_1',
    request,
    createdAt: 0,
    names: new ToolNames(),
  })
  expect(response.metadata).toEqual(SAMPLES.metadata)
})

test("the document's links work, and the files and paths that it names exist", () => {
  const anchors = headingAnchors(DOCUMENT)
  const inside = linkTargets(DOCUMENT).filter((target) => target.startsWith('#'))
  expect(inside.filter((target) => !anchors.includes(target))).toEqual([])
  const missing = codeSpans(DOCUMENT).filter((span) => /^\/v1\/\w+$/.test(span))
  expect(missing).toContain('/v1/embeddings')
  expect(missing.filter((path) => !isOpenaiPath(path))).toEqual([])
})
