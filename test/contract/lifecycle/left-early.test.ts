import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { ContentBlock, MessagesRequest } from '../../../src/api/types.ts'
import { childEnvironment } from '../../../src/config/child-environment.ts'
import { planTurn } from '../../../src/plan/plan-turn.ts'
import { planWhole } from '../../../src/plan/plan-whole.ts'
import type { Turn } from '../../../src/plan/turn.ts'
import { ClientLeft } from '../../../src/refusals.ts'
import { chooseWorker } from '../../../src/runtime/lanes.ts'
import { runtimeEnvironment } from '../../../src/runtime/process/environment.ts'
import { Launcher } from '../../../src/runtime/process/launcher.ts'
import { AnsweredModels } from '../../../src/runtime/worker/answered-models.ts'
import { conversationKind, wholeKind } from '../../../src/runtime/worker/blueprint.ts'
import { Worker } from '../../../src/runtime/worker/worker.ts'
import type { Reply } from '../../../src/stream/reply.ts'
import { message } from '../../support/answers.ts'
import { toolUseMessage } from '../../support/messages.ts'
import { makeSandbox } from '../../support/sandbox.ts'
import { startStandin } from '../../support/standin.ts'
import { atOnce } from '../../../src/steps.ts'

/*
 * A worker checks before each step if the client has left. Here the client leaves before each check
 * in turn: nothing is requested upstream, and the worker serves the next client.
 */

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)
const launcher = new Launcher()
let worker: Worker

afterEach(() => standin.reset())

afterAll(async () => {
  await launcher.close()
  await standin.close()
  sandbox.remove()
})

/** A client that leaves just before the nth check. */
class LeavingClient extends EventTarget {
  readonly reason = new Error('made up')
  #looks: number

  constructor(looks: number) {
    super()
    this.#looks = looks
  }

  get aborted(): boolean {
    this.#looks -= 1
    return this.#looks <= 0
  }
}

function leavingAt(look: number): AbortSignal {
  return new LeavingClient(look) as unknown as AbortSignal
}

async function start(carrier: 'turns' | 'whole'): Promise<void> {
  const input = {
    environment: childEnvironment(
      sandbox.env,
      runtimeEnvironment('0', sandbox.env['TMPDIR'] ?? ''),
    ),
    workFolder: sandbox.workFolder,
    model: MODEL,
  }
  worker = new Worker({
    launcher,
    kind: carrier === 'whole' ? wholeKind(input) : conversationKind(input),
    version: '0',
    models: new AnsweredModels(),
    startTimeout: 30_000,
    nextEventTimeout: 30_000,
    onStage: () => {},
    onEvent: () => {},
  })
  await worker.started
}

const MODEL = 'claude-sonnet-4-6'
const TOOL = { name: 'look', input_schema: { type: 'object' } }

function planned(messages: MessagesRequest['messages'], plan = planTurn): Turn {
  const request = { model: MODEL, max_tokens: 9, tools: [TOOL], messages }
  return atOnce<Turn>(
    plan(request, {
      defaults: { model: MODEL },
      betas: [],
      describeModel: (id) => ({ id, alwaysThinks: false }),
    }),
  )
}

const user = (content: string | ContentBlock[]) => ({ role: 'user' as const, content })
const assistant = (content: string | ContentBlock[]) => ({ role: 'assistant' as const, content })

/** Serves a turn by its lane. */
function serve(turn: Turn, signal: AbortSignal): { lane: string; reply: Promise<Reply> } {
  const choice = chooseWorker(turn, [worker], performance.now())
  if (choice === undefined) throw new Error('The worker is not available.')
  const reply =
    choice.lane === 'resolve'
      ? worker.resolve(turn, choice.answers, signal)
      : worker.ask(turn, choice.way, signal)
  return { lane: choice.lane, reply }
}

async function isIdle(): Promise<void> {
  await expect.poll(() => worker.isAvailable).toBe(true)
}

async function answerTo(turn: Turn): Promise<string> {
  await isIdle()
  const { lane, reply } = serve(turn, new AbortController().signal)
  await (await reply).whole()
  await isIdle()
  return lane
}

/** Leaves before each check of a turn. @returns the number of checks */
async function leaveEachTime(turn: Turn, lane: string): Promise<number> {
  standin.reset()
  for (let look = 1; ; look += 1) {
    await isIdle()
    const served = serve(turn, leavingAt(look))
    if (look === 1) expect(served.lane).toBe(lane)
    try {
      // There was no further check.
      await (await served.reply).whole()
      return look
    } catch (error) {
      expect(error).toBeInstanceOf(ClientLeft)
      // The last check is after the prompt: there the request may have been sent.
      if (standin.messages.length > 0) return look
    }
  }
}

describe('a client may leave at each step, turn by turn, of', () => {
  const results = [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Nothing' }]
  const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
  const history = [user('One'), assistant([call]), user(results), assistant('Two')]
  const other = [user('Other'), assistant('Yes')]

  beforeAll(() => start('turns'))

  test('an opened conversation', async () => {
    const looks = await leaveEachTime(planned([...history, user('Three')]), 'open')
    expect(looks).toBeGreaterThan(4)
    expect(await answerTo(planned([...other, user('Now')]))).toBe('open')
    expect(standin.messages.at(-1)?.body.messages).toHaveLength(3)
  })

  test('a continued conversation', async () => {
    await answerTo(planned([user('Hello')]))
    const said = [user('Hello'), assistant('Hello from the stand-in.')]
    const looks = await leaveEachTime(planned([...said, user('Go on')]), 'continue')
    expect(looks).toBeGreaterThan(2)
  })

  test('a rewound conversation', async () => {
    await answerTo(planned([user('Hello')]))
    const said = [user('Hello'), assistant('Hello from the stand-in.')]
    await answerTo(planned([...said, user('Go on')]))
    const looks = await leaveEachTime(planned([...said, user('Go elsewhere')]), 'rewind')
    expect(looks).toBeGreaterThan(2)
  })

  test('a conversation with held calls, which still wait for their results', async () => {
    standin.reply(message(toolUseMessage([{ id: 'toolu_9', name: 'look', input: {} }])))
    await answerTo(planned([user('Look')]))
    const held = { type: 'tool_use', id: 'toolu_9', name: 'look', input: {} }
    const brought = [{ type: 'tool_result', tool_use_id: 'toolu_9', content: 'Seen' }]
    const turn = planned([user('Look'), assistant([held]), user(brought)])
    const { reply } = serve(turn, leavingAt(1))
    await expect(reply).rejects.toBeInstanceOf(ClientLeft)
    expect([worker.stage, worker.heldCalls]).toEqual(['held', ['toolu_9']])
    expect(await answerTo(turn)).toBe('resolve')
    expect(standin.messages).toHaveLength(2)
  })
})

test('a client may leave at each step of a conversation that is sent as a whole', async () => {
  await start('whole')
  expect(await leaveEachTime(planned([user('One')], planWhole), 'open')).toBeGreaterThan(2)
  await answerTo(planned([user('Other')], planWhole))
  expect(JSON.stringify(standin.messages.at(-1)?.body.messages)).not.toContain('One')
})
