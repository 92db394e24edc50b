import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { parseEvents } from '../../support/compare-events.ts'
import { makeGate } from '../../support/gate.ts'
import { cacheBreak } from '../../support/prefix.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, openBench } from '../lifecycle/bench.ts'
import {
  answerTo,
  drawOpening,
  type Ending,
  ENDINGS,
  isWhole,
  type Opening,
  pick,
  type Random,
  randomOf,
  type Turn,
  wordOf,
  wordsIn,
} from './scenario.ts'

/*
 * Any process serves any conversation: random conversations, two at a time, through two processes,
 * with errors, aborts, edits and abandoned calls. Each sends the same request upstream as a new
 * process, gets its own reply, and contains nothing of another.
 */

/** Another seed makes other conversations; a failure has its seed. */
const SEED = Number(process.env['ISOLATION_SEED'] ?? 2)
const CONVERSATIONS = Number(process.env['ISOLATION_CONVERSATIONS'] ?? 8)
const MAX_TURNS = 5

let folder: Sandbox
let bench: Bench
/** The same server, whose processes are ended before each request. */
let fresh: Bench

beforeAll(async () => {
  folder = makeSandbox('http://127.0.0.1:1')
  const workFolder = join(folder.folder, 'the-same')
  mkdirSync(workFolder)
  ;[bench, fresh] = await Promise.all([
    openBench({ maxProcesses: 2, workFolder }),
    openBench({ maxProcesses: 2, workFolder }),
  ])
  bench.standin.answer = ({ body }) => planOf(body)
})
afterAll(async () => {
  await Promise.all([bench?.remove(), fresh?.remove()])
  folder?.remove()
})

type Plan = { ending: Ending; hold: () => Promise<void> }

/** The API's behaviour at each turn, by the turn's tag. */
const plans = new Map<string, Plan>()

function planOf(body: MessageRequest['body']): ReturnType<typeof answerTo> {
  const tag = tagsIn(JSON.stringify(body.messages)).at(-1) ?? ''
  const plan = plans.get(tag)
  if (plan === undefined) throw new Error(`No one planned the turn '${tag}'.`)
  return answerTo(plan.ending, tag, plan.hold)
}

/** The tags of the client's turns in a text, in order. */
function tagsIn(text: string): string[] {
  return [...text.matchAll(/\[(word\d+x turn \d+)\]/g)].map(([, tag = '']) => tag)
}

type Sent = {
  tag: string
  ending: Ending
  opening: Opening
  messages: Turn[]
  status: number
  /** The answer, as text. */
  received: string
}

test(`each conversation has only its own content upstream and in replies (seed ${SEED})`, async () => {
  const sent: Sent[] = []
  let next = 0
  const user = async (): Promise<void> => {
    while (next < CONVERSATIONS) {
      next += 1
      // Of its own, so that the conversations are the same in whatever order their turns come.
      const random = randomOf(SEED * 1000 + next)
      await converse(next, random, (one) => sent.push(one))
    }
  }
  await Promise.all([user(), user()])

  const wires = bench.standin.messages
  const problems = [
    ...sent.flatMap((one) => problemsOf(one, sent, wires)),
    ...(await openingProblems(sent, wires)),
    ...(wires.length === sent.length ? [] : [`asked ${wires.length} times for ${sent.length}`]),
  ]
  expect(problems).toEqual([])
  const drawn = new Set(sent.map(({ ending }) => ending))
  expect(drawn.size, 'this seed draws too few endings').toBeGreaterThan(ENDINGS.length / 2)
})

/** One conversation of a client, to its end. */
async function converse(
  number: number,
  random: Random,
  onSent: (sent: Sent) => void,
): Promise<void> {
  const word = wordOf(number)
  const opening = drawOpening(random, word)
  let messages: Turn[] = []
  let calls: ContentBlock[] = []
  const turns = 1 + Math.floor(random() * MAX_TURNS)
  for (let turn = 1; turn <= turns; turn += 1) {
    const tag = `${word} turn ${turn}`
    // The held call is abandoned: the last turn is sent with another text.
    const isEdit = messages.length > 0 && random() < 0.25
    if (isEdit) {
      messages = messages.slice(0, -2)
      calls = callsLeftOpen(messages)
    }
    const content = calls.length === 0 ? `[${tag}] Go on.` : resultsOf(calls, tag)
    messages = [...messages, { role: 'user', content }]
    const ending = drawEnding(random, opening)
    const gate = makeGate()
    plans.set(tag, { ending, hold: gate.pass })
    const { status, received } = await send(opening, messages, ending)
    gate.open()
    onSent({ tag, ending, opening, messages, status, received })
    calls = []
    const reply = isWhole(ending) ? contentIn(received) : undefined
    if (reply) {
      // The API does not accept an empty assistant message.
      if (reply.length === 0) messages = messages.slice(0, -1)
      else messages = [...messages, { role: 'assistant', content: reply }]
      calls = callsLeftOpen(messages)
    } else {
      // The client starts again, with another text.
      messages = messages.slice(0, -1)
      calls = callsLeftOpen(messages)
    }
  }
}

/** Undefined if an error came instead of a reply. */
function contentIn(received: string): ContentBlock[] | undefined {
  return (JSON.parse(received) as { content?: ContentBlock[] }).content
}

function drawEnding(random: Random, { fields }: Opening): Ending {
  for (;;) {
    const ending = pick(random, ENDINGS)
    if (ending === 'calls' && !('tools' in fields)) continue
    if (ending === 'thought' && !('thinking' in fields)) continue
    return ending
  }
}

function callsLeftOpen(messages: readonly Turn[]): ContentBlock[] {
  const content = messages.at(-1)?.content
  return Array.isArray(content)
    ? (content as ContentBlock[]).filter(({ type }) => type === 'tool_use')
    : []
}

function resultsOf(calls: readonly ContentBlock[], tag: string): object[] {
  return calls.map((call) => ({
    type: 'tool_result',
    tool_use_id: 'id' in call ? call.id : '',
    content: `[${tag}] Seen.`,
  }))
}

/** Sends a turn and reads the answer, as long as its client stays. */
async function send(
  { fields, betas }: Opening,
  messages: readonly Turn[],
  ending: Ending,
): Promise<{ status: number; received: string }> {
  const leaving = new AbortController()
  const body = { ...fields, messages }
  const init = {
    signal: leaving.signal,
    headers: { 'content-type': 'application/json', 'anthropic-beta': betas.join(',') },
  }
  if (ending === 'left before the first event') {
    const count = bench.standin.messages.length
    const tag = tagsIn(JSON.stringify(messages)).at(-1)
    const asked = bench.stream(body, init).catch(() => undefined)
    for (let seen = count + 1; ; seen += 1) {
      const [last] = (await bench.standin.waitFor(seen)).slice(-1)
      if (tagsIn(JSON.stringify(last?.body.messages)).at(-1) === tag) break
    }
    leaving.abort()
    await asked
    return { status: 0, received: '' }
  }
  if (ending === 'left in mid stream') {
    const response = await bench.stream(body, init)
    const reader = response.body?.getReader()
    const first = await reader?.read()
    leaving.abort()
    await reader?.cancel().catch(() => undefined)
    return { status: response.status, received: new TextDecoder().decode(first?.value) }
  }
  if (ending === 'error event' || ending === 'cut stream') {
    const response = await bench.stream(body, init)
    return { status: response.status, received: await response.text() }
  }
  const reply = await bench.ask(body, init)
  return { status: reply.status, received: JSON.stringify(reply.body) }
}

/** The faults of a turn, in the request upstream and in the answer. */
function problemsOf(one: Sent, all: readonly Sent[], wires: readonly MessageRequest[]): string[] {
  const { tag, ending, opening, messages } = one
  const [wire, ...more] = wiresOf(tag, wires)
  if (wire === undefined) {
    return [`${tag} (${ending}): was not asked upstream: ${one.status} ${one.received}`]
  }
  const own = wordsIn(tag)
  const request = {
    body: { ...opening.fields, messages },
    betas: opening.betas,
  }
  const lines = [
    ...(more.length === 0 ? [] : [`was asked ${more.length + 1} times`]),
    ...wordsIn(JSON.stringify(wire.body))
      .filter((word) => !own.includes(word))
      .map((word) => `upstream has ${word}`),
    ...wordsIn(one.received)
      .filter((word) => !own.includes(word))
      .map((word) => `the reply has ${word}`),
    ...wireDifferences(request, wire),
    ...replyProblems(one),
  ]
  const before = all.findLast(
    (earlier) => earlier !== one && isBeginning(earlier, one) && earlier.messages.length > 0,
  )
  const wireBefore = before && wiresOf(before.tag, wires)[0]
  const broken = wireBefore && cacheBreak({ ...wireBefore.body }, { ...wire.body })
  if (broken !== undefined) lines.push(`cache: ${broken}`)
  return lines.map((line) => `${tag} (${ending}): ${line}`)
}

/** Whether a request has all messages of an earlier one of the same conversation, and more. */
function isBeginning(earlier: Sent, later: Sent): boolean {
  if (earlier.opening !== later.opening || earlier.messages.length >= later.messages.length) {
    return false
  }
  return earlier.messages.every((turn, index) => turn === later.messages[index])
}

function wiresOf(tag: string, wires: readonly MessageRequest[]): MessageRequest[] {
  return wires.filter(({ body }) => tagsIn(JSON.stringify(body.messages)).at(-1) === tag)
}

function replyProblems({ tag, ending, status, received }: Sent): string[] {
  switch (ending) {
    case 'text':
    case 'thought':
    case 'calls':
    case 'max_tokens':
    case 'refusal':
      return status === 200 && received.includes(`The reply to ${tag},`)
        ? []
        : [`not its reply: ${status} ${received.slice(0, 200)}`]
    case 'nothing':
      return status === 200 ? [] : [`status ${status}: ${received.slice(0, 200)}`]
    case '400':
    case '429':
    case '500':
    case '529':
      return status === Number(ending) && received.includes(tag)
        ? []
        : [`not its error: ${status} ${received.slice(0, 200)}`]
    case 'error event':
    case 'cut stream':
      // A cut may overtake the events before it.
      if (status >= 500) return []
      return parseEvents(received).at(-1)?.type === 'error' ? [] : ['the stream ends as if whole']
    case 'left before the first event':
    case 'left in mid stream':
      return []
    default:
      return ending satisfies never
  }
}

/**
 * Sends the first turn of each conversation in a new process, and returns the differences upstream.
 * A first turn with another text, after an error or an edit, differs only by the number of the
 * turn.
 */
async function openingProblems(
  sent: readonly Sent[],
  wires: readonly MessageRequest[],
): Promise<string[]> {
  const problems: string[] = []
  const firsts = sent.filter(({ messages }) => messages.length === 1)
  const anew = firsts.filter((one) => firsts.find(isLike(one)) === one)
  for (let start = 0; start < anew.length; start += 2) {
    const pids = fresh.runtimes()
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await waitUntilGone(pids)
    const pair = anew.slice(start, start + 2)
    await Promise.all(
      pair.map(async ({ opening: { fields, betas }, messages }) => {
        const headers = { 'anthropic-beta': betas.join(',') }
        const { status, body } = await fresh.ask({ ...fields, messages }, { headers })
        if (status !== 200) problems.push(`a new process: ${JSON.stringify(body)}`)
      }),
    )
  }
  for (const one of firsts) {
    const ours = shapeOf(wiresOf(one.tag, wires)[0])
    const theirs = shapeOf(wiresOf(anew.find(isLike(one))?.tag ?? '', fresh.standin.messages)[0])
    if (ours !== theirs) problems.push(`${one.tag}: a new process asks ${theirs}, not ${ours}`)
  }
  return problems
}

/** Whether a turn begins the same conversation. */
function isLike({ opening }: Sent): (other: Sent) => boolean {
  return (other) => other.opening === opening
}

/** A request without the name of its session, the moving mark, and the numbers of turns. */
function shapeOf(request: MessageRequest | undefined): string {
  if (request === undefined) return 'nothing'
  const { metadata: _, ...body } = request.body
  const shape = JSON.stringify([body, request.headers['anthropic-beta']])
  return shape.replaceAll(/(?<=\[word\d+x turn )\d+(?=\])/g, 'n')
}
