import { describe, expect, test } from 'vitest'

import type { ContentBlock, Message, MessagesRequest } from '../api/types.ts'
import { atOnce } from '../steps.ts'
import { needsOwnCaching, withoutBreakpoints, withoutImpliedBreakpoint } from './caching.ts'

const FIVE_MINUTES = { type: 'ephemeral' } as const
const ONE_HOUR = { type: 'ephemeral', ttl: '1h' } as const

function text(cacheControl?: object): ContentBlock {
  return { type: 'text', text: 'a', ...(cacheControl && { cache_control: cacheControl }) }
}

function user(...content: ContentBlock[]): Message {
  return { role: 'user', content }
}

function needs(messages: Message[], rest: Partial<MessagesRequest> = {}): boolean {
  return atOnce(needsOwnCaching({ ...rest, messages }, messages))
}

describe("the client's breakpoints leave room for the runtime's", () => {
  test('if the client has none', () => {
    expect(needs([{ role: 'user', content: 'Hello' }])).toBe(false)
    expect(needs([user(text())])).toBe(false)
  })

  test('if the only one is on the last block, which the runtime marks too', () => {
    expect(needs([user(text(), text(FIVE_MINUTES))])).toBe(false)
  })

  test('if one more is elsewhere', () => {
    expect(needs([user(text(FIVE_MINUTES)), user(text(FIVE_MINUTES))])).toBe(false)
    expect(needs([user(text())], { tools: [{ name: 'a', cache_control: FIVE_MINUTES }] })).toBe(
      false,
    )
  })

  test('if they are in the system prompt, which the runtime marks for the client', () => {
    const system = [
      { type: 'text', text: 'a', cache_control: FIVE_MINUTES },
      { type: 'text', text: 'b', cache_control: FIVE_MINUTES },
    ] as const
    expect(needs([user(text())], { system: [...system] })).toBe(false)
  })

  test('if a breakpoint is null', () => {
    const tools = [1, 2, 3].map((name) => ({ name: String(name), cache_control: null }))
    expect(needs([user(text())], { tools })).toBe(false)
  })
})

describe("the client's breakpoints leave no room", () => {
  test('if two are before the last block', () => {
    expect(needs([user(text(FIVE_MINUTES)), user(text(FIVE_MINUTES), text())])).toBe(true)
  })

  test('if tools, messages and the request itself have them', () => {
    const tools = [{ name: 'a', cache_control: FIVE_MINUTES }]
    expect(needs([user(text(FIVE_MINUTES), text())], { tools })).toBe(true)
    expect(needs([user(text())], { tools, cache_control: FIVE_MINUTES })).toBe(true)
  })

  test.each<[string, Message[], Partial<MessagesRequest>]>([
    ['the last block', [user(text(ONE_HOUR))], {}],
    ['a tool', [user(text())], { tools: [{ name: 'a', cache_control: ONE_HOUR }] }],
    ['the request', [user(text())], { cache_control: ONE_HOUR }],
    [
      'the system prompt',
      [user(text())],
      { system: [{ type: 'text', text: 'a', cache_control: ONE_HOUR }] },
    ],
  ])('if the one on %s lives an hour', (_name, messages, rest) => {
    expect(needs(messages, rest)).toBe(true)
  })
})

test('without breakpoints, content that is no block stays unchanged', () => {
  const found = { type: 'search_result', content: [[], 'text', null, { cache_control: {} }] }
  expect(withoutBreakpoints([found])).toEqual([
    { type: 'search_result', content: [[], 'text', null, {}] },
  ])
})

describe('the breakpoint on the last block', () => {
  test('is removed, and nothing else changes', () => {
    const content = [text(FIVE_MINUTES), text(FIVE_MINUTES)]
    expect(withoutImpliedBreakpoint(content)).toEqual([text(FIVE_MINUTES), text()])
    expect(content[1]).toHaveProperty('cache_control')
  })

  test('may be missing', () => {
    const content = [text(FIVE_MINUTES), text()]
    expect(withoutImpliedBreakpoint(content)).toEqual(content)
    expect(withoutImpliedBreakpoint('Hello')).toBe('Hello')
    expect(withoutImpliedBreakpoint([])).toEqual([])
  })
})
