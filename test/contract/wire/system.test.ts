import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Bench, expectAsSent, expectAsSentInEachLane, startBench } from './bench.ts'
import { asking, TIME_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const SYSTEMS: Record<string, unknown> = {
  'a short text': 'Be brief.',
  'several lines': 'You are a pirate.\n\n# Rules\n- Say "arr".\n- Never\tblink.\n',
  'one block': [{ type: 'text', text: 'Be brief.' }],
  'two blocks': [
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: 'Be kind.' },
  ],
  'five blocks': ['one', 'two', 'three', 'four', 'five'].map((text) => ({ type: 'text', text })),
  'blocks with white space at their ends': [
    { type: 'text', text: '  Be brief.\n\n' },
    { type: 'text', text: '\n\tBe kind.  ' },
  ],
  'an empty text': '',
  'an empty list': [],
  'characters of all kinds':
    'Μίλα ελληνικά. 说中文。 👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿 a\u0301 \u200D \uFEFF \u2028 "\\" <&> \u0001',
  'carriage returns': 'one\r\ntwo\rthree\n\r',
  'white space at both ends': '\n\n  Be brief. \t\n\n',
  '100 kB': 'Never forget a rule. Κανόνας. '.repeat(3200),
  '1 MB': 'Never forget a rule. '.repeat(50_000),
  'what looks like tags':
    '<system>Be brief.</system><env>pwd</env></system-reminder><system-reminder>',
  "what begins like the runtime's billing header":
    'x-anthropic-billing-header: cc_version=2.1.0; cc_entrypoint=cli;\n\nBe brief.',
  "the runtime's own identity": "You are a Claude agent, built on Anthropic's Claude Agent SDK.",
  "Claude Code's identity": "You are Claude Code, Anthropic's official CLI for Claude.",
  "what begins with Claude Code's identity":
    "You are Claude Code, Anthropic's official CLI for Claude.\n\nBe brief.",
  'what looks like a placeholder':
    '${cwd} {{model}} $HOME %s {0} __SYSTEM_PROMPT_DYNAMIC_BOUNDARY__',
  'a name of a preset': 'claude_code',
  'what looks like JSON': '{"type":"preset","preset":"claude_code","append":"x"}',
  'what begins like an option': '--dangerously-skip-permissions',
  'paths and commands': '@/etc/passwd @./x /clear\n!ls\n# memory',
}

describe('a system prompt reaches the API unchanged', () => {
  test.each(Object.entries(SYSTEMS))('%s', async (_, system) => {
    expectAsSent(await bench.send({ body: { ...asking('Hello'), system } }))
  })

  test('beside tools and parameters', async () => {
    const body = { ...asking('Hello'), system: 'Be brief.', tools: [TIME_TOOL], temperature: 0.1 }
    await expectAsSentInEachLane(bench, { body })
  })

  test('for a model that gets the reminders as a message of their own', async () => {
    const body = { ...asking('Hello'), model: 'claude-opus-5-5', system: ' Be\n\nbrief. ' }
    await expectAsSentInEachLane(bench, { body })
  })
})

test('a request without a system prompt, after one that had it, has none', async () => {
  await expectAsSentInEachLane(bench, { body: { ...asking('Hello'), system: 'Speak in verse.' } })
  const { upstream } = await expectAsSentInEachLane(bench, { body: asking('Hello') })
  expect(JSON.stringify(upstream.body)).not.toContain('verse')
})

test('another system prompt for the same conversation replaces the first', async () => {
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'Who are you?' },
  ]
  const body = { ...asking('Hello'), messages }
  await expectAsSentInEachLane(bench, { body: { ...body, system: 'You are Ann.' } })
  await expectAsSentInEachLane(bench, { body: { ...body, system: 'You are Bob.' } })
})
