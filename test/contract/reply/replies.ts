import type { ContentBlock, Message, StopReason } from '@anthropic-ai/sdk/resources/messages'
import { type EventsOptions, PACE, type StreamEvent } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import {
  assistantMessage,
  textBlock,
  textMessage,
  thinkingMessage,
  toolUseMessage,
  usage,
} from '../../support/messages.ts'

/** A reply of the API, and the request for it. */
export type ReplyCase = {
  title: string
  /** Fields of the request besides the prompt. */
  request: Record<string, unknown>
  /** The API's answer with a stream. */
  events: StreamEvent[]
  /** The API's answer without a stream. */
  message: unknown
  /** Bytes of one write of the stand-in; 0 writes each event at once. */
  chunking: number
}

const WEATHER = {
  name: 'weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}
const CLOCK = { name: 'clock', description: 'The time.', input_schema: { type: 'object' } }
const WEB_SEARCH = { type: 'web_search_20250305', name: 'web_search' }
const THINKING = { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4000 }

const GREEK = 'Καλημέρα, 世界! 👩🏽‍🚀🎈 — ça va?\n\n```ts\nconst a = "\\u0000"\n```\r\n\u2028 end'

const SEARCH: ContentBlock = {
  type: 'server_tool_use',
  id: 'srvtoolu_made_up_1',
  name: 'web_search',
  input: { query: 'capital of France' },
  caller: { type: 'direct' },
}

/** A prompt that is not part of another's. */
export function promptFor(title: string): string {
  return `[${title}]`
}

/** The speed of a reply: hundreds of events take long enough without any wait. */
export function paceOf({ events }: Pick<ReplyCase, 'events'>): EventsOptions {
  return events.length > 100 ? {} : PACE
}

/** Replies that the API documents, and some possible future ones. */
export const REPLIES: readonly ReplyCase[] = [
  reply('text', textMessage('The capital of France is Paris.')),
  reply('characters of several bytes, cut inside', textMessage(GREEK), {}, { chunking: 3 }),
  reply('a long text in many pieces', manyPieces(1500)),
  reply('two text blocks', assistantMessage([textBlock('One.'), textBlock('Two.')])),
  reply('thinking with its signature', thinkingMessage('Let me see: 6 × 7.', '42'), THINKING),
  reply(
    'thinking that is redacted',
    assistantMessage([{ type: 'redacted_thinking', data: 'bWFkZSB1cA==' }, textBlock('42')]),
    THINKING,
  ),
  reply(
    'thinking without its text',
    assistantMessage([
      { type: 'thinking', thinking: '', signature: 'bWFkZS11cCBzaWduYXR1cmU=' },
      textBlock('42'),
    ]),
    THINKING,
  ),
  reply(
    'a tool call',
    toolUseMessage([{ id: 'toolu_made_up_1', name: 'weather', input: { city: 'Zürich' } }]),
    { tools: [WEATHER] },
  ),
  reply(
    'a tool call without input',
    toolUseMessage([{ id: 'toolu_made_up_2', name: 'clock', input: {} }]),
    { tools: [CLOCK, WEATHER] },
  ),
  reply(
    'parallel tool calls after text',
    assistantMessage(
      [
        textBlock('I look at both.'),
        ...toolUseMessage([
          { id: 'toolu_made_up_3', name: 'weather', input: { city: 'Paris' } },
          { id: 'toolu_made_up_4', name: 'weather', input: { city: 'Oslo' } },
          { id: 'toolu_made_up_5', name: 'clock', input: {} },
        ]).content,
      ],
      { stop_reason: 'tool_use' },
    ),
    { tools: [CLOCK, WEATHER] },
  ),
  reply(
    'a tool call with a long input of many pieces',
    toolUseMessage([
      {
        id: 'toolu_made_up_6',
        name: 'weather',
        input: { city: GREEK, lines: Array.from({ length: 300 }, (_, line) => `line ${line}`) },
      },
    ]),
    { tools: [WEATHER] },
    { chunking: 100 },
  ),
  reply(
    'thinking before a tool call',
    assistantMessage(
      [
        ...thinkingMessage('I need the weather.', 'Let me look.').content,
        ...toolUseMessage([{ id: 'toolu_made_up_7', name: 'weather', input: { city: 'Rome' } }])
          .content,
      ],
      { stop_reason: 'tool_use' },
    ),
    { ...THINKING, tools: [WEATHER] },
  ),
  reply(
    'a server tool with its result and citations',
    assistantMessage(
      [
        textBlock('I search.'),
        SEARCH,
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srvtoolu_made_up_1',
          caller: { type: 'direct' },
          content: [
            {
              type: 'web_search_result',
              url: 'https://example.com/france',
              title: 'France',
              encrypted_content: 'bWFkZSB1cA==',
              page_age: null,
            },
          ],
        },
        {
          type: 'text',
          text: 'Paris is the capital.',
          citations: [
            {
              type: 'web_search_result_location',
              url: 'https://example.com/france',
              title: 'France',
              encrypted_index: 'bWFkZSB1cA==',
              cited_text: 'Paris is the capital of France.',
            },
          ],
        },
      ],
      {
        usage: usage({
          server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
        }),
      },
    ),
    { tools: [WEB_SEARCH] },
  ),
  reply(
    'a server tool that failed',
    assistantMessage([
      SEARCH,
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_made_up_1',
        caller: { type: 'direct' },
        content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
      },
      textBlock('I could not search.'),
    ]),
    { tools: [WEB_SEARCH] },
  ),
  reply(
    'a server tool beside a call of the client’s',
    assistantMessage(
      [
        SEARCH,
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srvtoolu_made_up_1',
          caller: { type: 'direct' },
          content: [],
        },
        ...toolUseMessage([{ id: 'toolu_made_up_8', name: 'weather', input: { city: 'Bonn' } }])
          .content,
      ],
      { stop_reason: 'tool_use' },
    ),
    { tools: [WEB_SEARCH, WEATHER] },
  ),
  reply(
    'citations of a document',
    assistantMessage([
      {
        type: 'text',
        text: 'Grass is green.',
        citations: [1, 2].map((index) => ({
          type: 'char_location',
          cited_text: 'The grass is green.',
          document_index: 0,
          document_title: 'Nature',
          start_char_index: index,
          end_char_index: index + 20,
          file_id: null,
        })),
      },
    ]),
  ),
  ...(['stop_sequence', 'max_tokens', 'model_context_window_exceeded'] as const).map((reason) =>
    stopped(reason, { stop_sequence: reason === 'stop_sequence' ? '###' : null }),
  ),
  reply(
    'the stop reason max_tokens inside the input of a call',
    {
      ...toolUseMessage([{ id: 'toolu_made_up_9', name: 'weather', input: {} }]),
      stop_reason: 'max_tokens',
    },
    { tools: [WEATHER] },
    {
      insideFirstBlock: [
        { type: 'content_block_delta', index: 0, delta: inputDelta('{"city": "Am') },
      ],
    },
  ),
  reply(
    'the stop reason max_tokens inside a thought',
    assistantMessage([{ type: 'thinking', thinking: 'So I thi', signature: '' }], {
      stop_reason: 'max_tokens',
    }),
    THINKING,
  ),
  reply(
    'the stop reason pause_turn',
    assistantMessage([textBlock('I search.'), SEARCH], { stop_reason: 'pause_turn' }),
    { tools: [WEB_SEARCH] },
  ),
  stopped('refusal', {
    stop_details: { type: 'refusal', category: 'bio', explanation: 'Made up for a test.' },
  }),
  reply(
    'the stop reason refusal without content',
    assistantMessage([], {
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: null, explanation: null },
    }),
  ),
  reply(
    'the stop reason refusal inside a tool call',
    {
      ...toolUseMessage([{ id: 'toolu_made_up_10', name: 'weather', input: { city: 'Bern' } }]),
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'cyber', explanation: null },
    },
    { tools: [WEATHER] },
  ),
  stopped('a_reason_of_tomorrow' as StopReason, {}),
  reply('no content', assistantMessage([])),
  reply(
    'no content after tool results',
    assistantMessage([]),
    afterTool(promptFor('no content after tool results')),
  ),
  reply('an empty text', assistantMessage([textBlock('')])),
  reply('nothing but white space', assistantMessage([textBlock('\n\n')])),
  reply(
    'nothing but a thought',
    assistantMessage([
      { type: 'thinking', thinking: 'Nothing to add.', signature: 'bWFkZS11cCBzaWduYXR1cmU=' },
    ]),
    THINKING,
  ),
  reply(
    'a call of a tool that no one offered',
    toolUseMessage([{ id: 'toolu_made_up_12', name: 'Bash', input: { command: 'ls' } }]),
    { tools: [WEATHER] },
  ),
  reply(
    'a tool call where no tools were offered',
    toolUseMessage([{ id: 'toolu_made_up_13', name: 'weather', input: {} }]),
  ),
  reply(
    'a tool call with the stop reason end_turn',
    {
      ...toolUseMessage([{ id: 'toolu_made_up_14', name: 'weather', input: { city: 'Lima' } }]),
      stop_reason: 'end_turn',
    },
    { tools: [WEATHER] },
  ),
  reply(
    'the stop reason tool_use without a call',
    textMessage('I would call a tool.', { stop_reason: 'tool_use' }),
    { tools: [WEATHER] },
  ),
  reply('another model than the one asked', textMessage('Hi.', { model: 'claude-other-9-9' })),
  everyUsage(),
  contextManagement(),
  fallback(),
  unknownBlock(),
  unknownDelta(),
  unknownFields(),
]

function reply(
  title: string,
  message: Message,
  request: ReplyCase['request'] = {},
  { chunking = 0, insideFirstBlock = [] as StreamEvent[] } = {},
): ReplyCase {
  const all: StreamEvent[] = eventsOf(message)
  const end = all.findIndex((event) => event.type === 'content_block_stop')
  const events =
    insideFirstBlock.length === 0
      ? all
      : [...all.slice(0, end), ...insideFirstBlock, ...all.slice(end)]
  return { title, request, events, message, chunking }
}

function stopped(reason: StopReason, overrides: Partial<Message>): ReplyCase {
  const message = textMessage('As far as I got.', { stop_reason: reason, ...overrides })
  return reply(`the stop reason ${reason}`, message)
}

function manyPieces(count: number): Message {
  return assistantMessage(
    Array.from({ length: count / 6 }, (_, index) => textBlock(`piece ${index} of a long story`)),
  )
}

function inputDelta(json: string) {
  return { type: 'input_json_delta', partial_json: json }
}

/** A conversation that ends with the result of a tool call. */
function afterTool(result: string): Record<string, unknown> {
  const id = 'toolu_made_up_11'
  return {
    tools: [WEATHER],
    messages: [
      { role: 'user', content: 'How is it there?' },
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'weather', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: result }] },
    ],
  }
}

function everyUsage(): ReplyCase {
  const known = usage({
    output_tokens_details: { thinking_tokens: 11 },
    server_tool_use: { web_search_requests: 2, web_fetch_requests: 3 },
    service_tier: 'priority',
    inference_geo: 'eu',
    speed: 'fast',
  })
  const message = textMessage('All counted.', { usage: known })
  const { events } = reply('', message)
  return {
    ...reply('a usage with all fields, and some that are not known yet', message),
    events: changed(events, {
      message_start: (event) => {
        Object.assign((event['message'] as Message).usage, { of_tomorrow: { tokens: 17 } })
      },
      message_delta: (event) => {
        Object.assign(event['usage'] as object, {
          iterations: [{ type: 'message', input_tokens: 21, output_tokens: 55 }],
          of_the_day_after: 19,
        })
      },
    }),
    message: {
      ...message,
      usage: {
        ...known,
        of_tomorrow: { tokens: 17 },
        iterations: [{ type: 'message', input_tokens: 21, output_tokens: 55 }],
        of_the_day_after: 19,
      },
    },
  }
}

function contextManagement(): ReplyCase {
  const container = {
    id: 'container_made_up',
    expires_at: '2030-01-01T00:00:00Z',
    skills: null,
  }
  const context_management = {
    applied_edits: [
      {
        type: 'clear_tool_uses_20250919',
        cleared_tool_uses: 3,
        cleared_input_tokens: 500,
      },
    ],
  }
  const message = textMessage('Tidied up.', { container })
  const { events } = reply('', message)
  return {
    ...reply('a container and applied context management', message),
    events: changed(events, {
      message_delta: (event) => Object.assign(event, { context_management }),
    }),
    message: { ...message, context_management },
  }
}

/** The block's `trigger` is left out here: the runtime does not report it. */
function fallback(): ReplyCase {
  const block = {
    type: 'fallback',
    from: { model: 'claude-sonnet-4-6' },
    to: { model: 'claude-haiku-4-5-20251001' },
  }
  const content = [textBlock('I '), block as unknown as ContentBlock, textBlock('can help.')]
  const message = assistantMessage(content)
  return {
    ...reply('a fallback to another model', message),
    message: { ...message, model: 'claude-haiku-4-5-20251001' },
  }
}

function unknownBlock(): ReplyCase {
  const block = { type: 'hologram', pixels: [1, 2, { x: null }], text: 'of tomorrow' }
  return reply(
    'a block of a type that is not known yet',
    assistantMessage([textBlock('See:'), block as unknown as ContentBlock]),
  )
}

function unknownDelta(): ReplyCase {
  const message = assistantMessage([
    textBlock('See:'),
    { type: 'hologram', light: '' } as unknown as ContentBlock,
  ])
  const base = reply('deltas of a type that is not known yet', message)
  const stop = base.events.findLastIndex((event) => event.type === 'content_block_stop')
  const deltas = ['red', ' and blue'].map((light) => ({
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'hologram_delta', light },
  }))
  return {
    ...base,
    events: base.events.toSpliced(stop, 0, ...deltas),
    message: {
      ...message,
      content: [textBlock('See:'), { type: 'hologram', light: 'red and blue' }],
    },
  }
}

function unknownFields(): ReplyCase {
  const message = textMessage('Hi.')
  const { events } = reply('', message)
  const extra = { of_tomorrow: { deep: [null, 1.5, 'x'] } }
  return {
    ...reply('fields that are not known yet', message),
    events: changed(events, {
      message_start: (event) => Object.assign(event['message'] as object, extra),
      content_block_start: (event) => Object.assign(event['content_block'] as object, extra),
      message_delta: (event) => Object.assign(event['delta'] as object, { also: 'this' }),
    }),
    message: {
      ...message,
      ...extra,
      content: [{ ...textBlock('Hi.'), ...extra }],
      also: 'this',
    },
  }
}

/** The events, copied, with those of a type changed. */
function changed(
  events: readonly StreamEvent[],
  changes: Record<string, (event: Record<string, unknown>) => void>,
): StreamEvent[] {
  return events.map((original) => {
    const event = structuredClone(original)
    changes[event.type]?.(event as unknown as Record<string, unknown>)
    return event
  })
}
