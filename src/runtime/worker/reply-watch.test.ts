import { describe, expect, test } from 'vitest'

import type { ReplyEvent } from '../../api/types.ts'
import { ReplyWatch } from './reply-watch.ts'

const KNOWN = new Set(['look', 'walk'])

/** The kind of a reply's block, as far as the ending depends on it. */
type Block = { type: string; [field: string]: unknown }

function text(words: string): Block {
  return { type: 'text', text: words }
}

function call(name: string, id = 'toolu_1'): Block {
  return { type: 'tool_use', id, name, input: {} }
}

const THOUGHT: Block = { type: 'thinking', thinking: 'Hm.', signature: 'x' }
const SEARCH: Block = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
const FOUND: Block = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }

function eventsFor(blocks: Block[], stopReason: string | null): ReplyEvent[] {
  return [
    { type: 'message_start', message: { content: [], stop_reason: null } },
    ...blocks.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stopReason }, usage: {} },
    { type: 'message_stop' },
  ] as unknown as ReplyEvent[]
}

function read(events: ReplyEvent[]) {
  const watch = new ReplyWatch(KNOWN)
  const outcomes = events.map((event) => watch.read(event))
  return {
    // The ending comes with the stop reason and, if nothing changed, again at the end.
    endings: [...new Set(outcomes.map(({ ending }) => ending))].filter(Boolean),
    errors: outcomes.flatMap(({ error }) => error ?? []),
    passed: outcomes.flatMap((outcome) => outcome.events),
    callIds: watch.callIds,
  }
}

describe('a reply ends', () => {
  test.each<[string, string, Block[], string | null]>([
    ['whole', 'with a text', [text('Hello')], 'end_turn'],
    ['whole', 'at a stop sequence', [text('Hello')], 'stop_sequence'],
    ['whole', 'with a thought and a text', [THOUGHT, text('Hello')], 'end_turn'],
    ['whole', 'with the work of a server tool', [SEARCH, FOUND], 'end_turn'],
    ['unanswerable', 'in the middle of the work of a server tool', [SEARCH], 'pause_turn'],
    ['whole', 'paused', [text('Hello')], 'pause_turn'],
    ['whole', 'for an unknown reason', [text('Hello')], 'invented_tomorrow'],
    ['held', 'with a call', [call('look')], 'tool_use'],
    ['held', 'with a text and calls', [text('a'), call('look'), call('walk', 'b')], 'tool_use'],
    [
      'held',
      'with a call and the work of a server tool',
      [SEARCH, FOUND, call('look')],
      'tool_use',
    ],
    ['unanswerable', 'with a call out of a server tool', [SEARCH, call('look')], 'tool_use'],
    ['unanswerable', 'with a call of a tool that no one has', [call('fly')], 'tool_use'],
    ['unanswerable', 'with one such call of two', [call('look'), call('fly')], 'tool_use'],
    ['unanswerable', 'with a call, and another reason', [call('look')], 'end_turn'],
    ['unanswerable', 'for a call, without one', [text('a')], 'tool_use'],
    ['unanswerable', 'refused', [text('a')], 'refusal'],
    ['unanswerable', 'refused without a word', [], 'refusal'],
    ['reasked', 'cut', [text('a')], 'max_tokens'],
    ['unanswerable', 'cut within a call', [call('look')], 'max_tokens'],
    ['unanswerable', 'cut after a call', [call('look'), text('a')], 'max_tokens'],
    ['reasked', 'cut by a full window', [text('a')], 'model_context_window_exceeded'],
    ['reasked', 'with nothing', [], 'end_turn'],
    ['reasked', 'with an empty text', [text('')], 'end_turn'],
    ['reasked', 'with whitespace', [text(' \n')], 'end_turn'],
    ['reasked', 'with a thought alone', [THOUGHT], 'end_turn'],
    ['reasked', 'with a redacted thought alone', [{ type: 'redacted_thinking' }], 'end_turn'],
    ['broken', 'without a reason', [text('a')], null],
    ['broken', 'without a reason, within a call', [call('look')], null],
  ])('%s: %s', (ending, _name, blocks, stopReason) => {
    expect(read(eventsFor(blocks, stopReason)).endings).toEqual([ending])
  })

  test('whole, if a text that began empty has grown', () => {
    const [start, ...rest] = eventsFor([text('')], 'end_turn')
    const delta = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'Hello' },
    } as ReplyEvent
    const [begin, ...end] = rest
    expect(read([start, begin, delta, ...end] as ReplyEvent[]).endings).toEqual(['whole'])
  })

  test('reasked, if only a thought has grown', () => {
    const [start, begin, ...end] = eventsFor([{ type: 'thinking', thinking: '' }], 'end_turn')
    const delta = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'thinking_delta', thinking: 'Hm.' },
    } as ReplyEvent
    expect(read([start, begin, delta, ...end] as ReplyEvent[]).endings).toEqual(['reasked'])
  })
})

test('every event is passed on unchanged', () => {
  const events = eventsFor([text('a'), call('look')], 'tool_use')
  expect(read(events).passed).toEqual(events)
})

test('the end that the runtime makes up for a broken stream is not passed on', () => {
  const events = eventsFor([text('a')], null)
  expect(read(events).passed.map(({ type }) => type)).not.toContain('message_delta')
})

test('the calls of the client are known by id, in order, without those of the API', () => {
  const { callIds } = read(eventsFor([call('look', 'b'), SEARCH, call('walk', 'a')], 'tool_use'))
  expect(callIds).toEqual(['b', 'a'])
})

describe('a reply as gateways send it', () => {
  const [start, ...rest] = eventsFor([text('a')], 'end_turn') as [ReplyEvent, ...ReplyEvent[]]
  const usageOnly = {
    type: 'message_delta',
    delta: { stop_reason: null },
    usage: { output_tokens: 1 },
  } as unknown as ReplyEvent

  test.each([
    ['before its blocks', [start, usageOnly, ...rest]],
    ['before the stop reason', [start, ...rest.slice(0, 2), usageOnly, ...rest.slice(2)]],
    ['after the stop reason', [start, ...rest.slice(0, 3), usageOnly, ...rest.slice(3)]],
  ])('passes with a message_delta that only has usage %s', (_, events) => {
    expect(read(events)).toMatchObject({ passed: events, endings: ['whole'], errors: [] })
  })

  test('passes with a repeated message_start once, without the events that the runtime made up', () => {
    const stop: ReplyEvent = { type: 'message_stop' }
    const { passed, endings } = read([start, usageOnly, stop, start, ...rest])
    expect(passed).toEqual([start, ...rest])
    expect(endings).toEqual(['whole'])
  })

  test('is broken if it begins again after a block', () => {
    expect(read([start, ...rest.slice(0, 2), start]).endings).toEqual(['broken'])
  })

  test('passes with content and stop reason in message_start, which the runtime does not read', () => {
    const message = { content: [call('look')], stop_reason: 'tool_use' }
    const events = [{ type: 'message_start', message }, { type: 'message_stop' }]
    const { passed, endings } = read(events as unknown as ReplyEvent[])
    expect(passed).toEqual(events)
    expect(endings).toEqual(['unanswerable'])
  })

  test('passes with events of unknown types', () => {
    const unknown = { type: 'event_of_tomorrow', a: [1] } as unknown as ReplyEvent
    expect(read([start, unknown, ...rest, unknown]).passed).toEqual([
      start,
      unknown,
      ...rest,
      unknown,
    ])
  })

  test('is broken by an error event, with the error of the API', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const { passed, endings, errors } = read([start, error as unknown as ReplyEvent])
    expect(passed).toEqual([start])
    expect(endings).toEqual(['broken'])
    expect(errors).toMatchObject([{ type: 'overloaded_error', message: 'Overloaded', status: 529 }])
  })

  test('is broken by an end without a stop reason', () => {
    const stop: ReplyEvent = { type: 'message_stop' }
    expect(read([start, ...rest.slice(0, 2), stop]).errors).toMatchObject([{ status: 502 }])
  })
})
