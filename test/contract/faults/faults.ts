import { vi } from 'vitest'

import type { ProxyOptions } from '../../../src/proxy.ts'
import { InputQueue } from '../../../src/runtime/worker/input-queue.ts'
import {
  type Answer,
  cut,
  cutBeforeAnswer,
  error,
  events,
  hang,
  message,
  raw,
} from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import type { Behaviour } from '../../support/switchable-runtime.ts'
import { assistant, LOOK, user } from '../lifecycle/bench.ts'
import { answerAll, answerOthers, type Scene, type Told } from './scene.ts'
import { TEST_TIMEOUT, until } from '../../support/until.ts'
import { processesWithEnvironment } from '../../support/processes.ts'

/** A fault at a stage of a request, and the client's expected result. */
export type Fault = {
  stage: string
  fault: string
  gets: string
  /** The number of requests upstream; undefined if it may differ. */
  requests: number | undefined
  /** The time limit that ends the wait. */
  timeout?: 'start_timeout' | 'first_event_timeout' | 'next_event_timeout'
  strike: (scene: Scene) => Promise<Told>
}

export type Act = {
  options: ProxyOptions
  variables?: (folder: string) => Record<string, string>
  faults: Fault[]
  /** Nothing can be served, because the fault stays. */
  isHopeless?: boolean
}

/** Milliseconds. No other timer has one of these lengths, and none elapses by itself. */
const LIMITS = {
  startTimeout: TEST_TIMEOUT + 1,
  firstEventTimeout: TEST_TIMEOUT + 2,
  nextEventTimeout: TEST_TIMEOUT + 3,
}

const WHOLE = 'the whole reply'
const ENDED = '500 `api_error`'
const BROKEN = 'its beginning, then an `error` event: `api_error`'

/** All faults, grouped by the proxy that they are tried on. */
export const ACTS: Record<string, Act> = {
  'processes and executables': {
    options: { maxProcesses: 1 },
    faults: [
      killed('is started', WHOLE, killWhileStarting),
      killed('is ready', WHOLE, killReady),
      killed('reads the history', WHOLE, killWhileReplaying),
      killed('has asked, before the first event', ENDED, killBeforeFirstEvent),
      killed('is in mid stream', BROKEN, killInMidStream),
      killed('is idle', WHOLE, killIdle),
      killed('is held', WHOLE, killHeld),
      broken('complains in a line of 5 MB', WHOLE),
      broken('exits at once with a message', ENDED),
      broken('is of a version without these options', ENDED),
      broken('has too little memory', ENDED),
      broken('can not write to any file', ENDED),
      gone('missing', 'is not there any more'),
      gone('forbidden', 'may not be executed any more'),
      inMidStream('prints garbage when told to', 'prints garbage'),
      inMidStream('prints a line of 5 MB when told to', 'prints a line of 5 MB'),
    ],
  },
  'the API and the login': {
    // One for the conversation that continues beside.
    options: { maxProcesses: 2 },
    faults: [
      api('answers 429', '429 `rate_limit_error`', error(429, 'rate_limit_error', 'Slow down.')),
      api('answers 500', '500 `api_error`', error(500, 'api_error', 'Internal server error')),
      api('answers 529', '529 `overloaded_error`', error(529, 'overloaded_error', 'Overloaded')),
      api('answers a page', '502 `api_error`', raw(502, { 'content-type': 'text/html' }, '<html>')),
      // On a connection that was idle, it is repeated.
      { ...api('hangs up', '502 `api_error`', cutBeforeAnswer()), requests: undefined },
      {
        stage: 'the API',
        fault: 'hangs up a connection that was idle',
        gets: WHOLE,
        requests: 2,
        strike: (scene) => beside(scene, cutOnce(scene)),
      },
      api('answers nothing', '502 `api_error`', raw(200, {}, '')),
      {
        stage: 'the API',
        fault: 'hangs up in mid stream',
        gets: BROKEN,
        requests: 1,
        strike: (scene) => beside(scene, cutInMidStream(scene)),
      },
      {
        stage: 'the login',
        fault: 'expires, and is right again with the next request',
        gets: '401 `authentication_error`',
        requests: 1,
        strike: (scene) =>
          answered(scene, error(401, 'authentication_error', 'OAuth token has expired.')),
      },
    ],
  },
  'time limits': {
    options: { maxProcesses: 2, ...LIMITS },
    faults: [
      unstarted('prints garbage, and a line of 5 MB', hasPrinted),
      unstarted('says nothing, and does not end when told to', () => true),
      {
        stage: 'the process has asked',
        fault: 'stops dead, before the first event',
        gets: '504 `timeout_error`',
        requests: 1,
        timeout: 'first_event_timeout',
        strike: freezeBeforeFirstEvent,
      },
      {
        stage: 'the API',
        fault: 'never answers',
        gets: '504 `timeout_error`',
        requests: 1,
        timeout: 'first_event_timeout',
        strike: (scene) => fallSilent(scene, [hang()], LIMITS.firstEventTimeout),
      },
      {
        stage: 'the API',
        fault: 'falls silent in mid stream',
        gets: 'its beginning, then an `error` event: `timeout_error`',
        requests: 1,
        timeout: 'next_event_timeout',
        strike: (scene) => fallSilent(scene, [...beginning(), hang()], LIMITS.nextEventTimeout),
      },
    ],
  },
  'an API whose name is not found': {
    options: { maxProcesses: 1 },
    variables: () => ({ ANTHROPIC_BASE_URL: NO_NAME }),
    isHopeless: true,
    faults: [
      {
        stage: 'the API',
        fault: 'has a name that is not found',
        gets: '502 `api_error`',
        requests: 0,
        strike: askNow,
      },
    ],
  },
  'a configuration folder that can not be made': {
    options: { maxProcesses: 1 },
    // A file is in the folder's place.
    variables: (folder) => ({ CLAUDE_CONFIG_DIR: `${folder}/claude/config` }),
    faults: [
      {
        stage: "the runtime's folder",
        fault: 'can be neither read nor written',
        gets: WHOLE,
        requests: 1,
        strike: askNow,
      },
    ],
  },
}

/** A label is 63 characters at most: this is known without asking anyone. */
const NO_NAME = `http://${'x'.repeat(64)}.invalid`

function killed(when: string, gets: string, strike: Fault['strike']): Fault {
  return { stage: `the process ${when}`, fault: 'is killed', gets, requests: 1, strike }
}

/** New processes are useless from now on, and there is no other. */
function broken(behaviour: Behaviour, gets: string): Fault {
  return {
    stage: 'the executable',
    fault: behaviour,
    gets,
    requests: gets === WHOLE ? 1 : 0,
    strike: async (scene) => {
      await killAll(scene)
      scene.runtime.become(behaviour)
      const told = await askNow(scene)
      scene.runtime.become('is the runtime')
      return told
    },
  }
}

/** New processes never become ready, and there is no other. */
function unstarted(behaviour: Behaviour, hasBehaved: (scene: Scene) => boolean): Fault {
  return {
    stage: 'the executable',
    fault: behaviour,
    gets: '504 `timeout_error`',
    requests: 0,
    timeout: 'start_timeout',
    strike: async (scene) => {
      await killAll(scene)
      scene.runtime.become(behaviour)
      const asked = scene.ask('Hello')
      await until(() => scene.timers.count(LIMITS.startTimeout) > 0 && hasBehaved(scene))
      const since = performance.now()
      scene.timers.elapse(LIMITS.startTimeout)
      const told = await asked.told(since)
      scene.runtime.become('is the runtime')
      return told
    },
  }
}

/** The script is a `cat` once the proxy has read nearly all of its output. */
function hasPrinted({ bench: { sandbox } }: Scene): boolean {
  return processesWithEnvironment(sandbox.folder).some(({ command }) => command === 'cat')
}

function gone(how: 'missing' | 'forbidden', fault: string): Fault {
  return {
    stage: 'the executable',
    fault,
    gets: ENDED,
    requests: 0,
    strike: async (scene) => {
      await killAll(scene)
      scene.runtime.break(how)
      const told = await askNow(scene)
      scene.runtime.become('is the runtime')
      return told
    },
  }
}

function inMidStream(behaviour: Behaviour, fault: string): Fault {
  return {
    stage: 'the process is in mid stream',
    fault,
    gets: WHOLE,
    requests: 1,
    strike: async (scene) => {
      await killAll(scene)
      scene.runtime.become(behaviour)
      const gate = makeGate()
      const all = eventsOf(textMessage('The whole of it.'))
      answerOthers(scene, () => events([...all.slice(0, 3), gate.pass, ...all.slice(3)]))
      const asked = scene.ask('Hello')
      await asked.begun
      const since = performance.now()
      await scene.runtime.tell()
      gate.open()
      const told = await asked.told(since)
      scene.runtime.become('is the runtime')
      answerAll(scene)
      return told
    },
  }
}

function api(fault: string, gets: string, answer: Answer): Fault {
  return {
    stage: 'the API',
    fault,
    gets,
    requests: 1,
    strike: (scene) => beside(scene, answered(scene, answer)),
  }
}

/** Another conversation continues meanwhile. */
async function beside(scene: Scene, struck: Promise<Told>): Promise<Told> {
  const [told] = await Promise.all([struck, scene.goOnBeside()])
  return told
}

/** Another conversation continues before the time is over. */
async function fallSilent(
  scene: Scene,
  elements: Parameters<typeof events>[0],
  milliseconds: number,
): Promise<Told> {
  const asked = await askAndWait(scene, elements)
  await until(() => scene.timers.count(milliseconds) > 0)
  await scene.goOnBeside()
  const since = performance.now()
  scene.timers.elapse(milliseconds)
  const told = await asked.told(since)
  answerAll(scene)
  return told
}

async function answered(scene: Scene, answer: Answer): Promise<Told> {
  answerOthers(scene, () => answer)
  const told = await askNow(scene)
  answerAll(scene)
  return told
}

/** The second turn goes to the process of the first, which has kept its connection. */
async function cutOnce(scene: Scene): Promise<Told> {
  const { body } = await scene.bench.ask('Hello')
  let isFirst = true
  answerOthers(scene, () => {
    const answer = isFirst ? cutBeforeAnswer() : message(textMessage('The whole of it.'))
    isFirst = false
    return answer
  })
  const told = await scene
    .ask({ messages: [user('Hello'), assistant(body.content), user('And now?')] })
    .told(performance.now())
  answerAll(scene)
  return told
}

/** The fault exists already. */
function askNow(scene: Scene): Promise<Told> {
  return scene.ask('Hello').told(performance.now())
}

async function killWhileStarting(scene: Scene): Promise<Told> {
  await killAll(scene)
  const asked = scene.ask('Hello')
  await until(() => scene.processes().length > 0)
  return asked.told(kill(scene))
}

async function killReady(scene: Scene): Promise<Told> {
  return goOnAfterKill(scene, { messages: [user('Hello')] })
}

async function killWhileReplaying(scene: Scene): Promise<Told> {
  const past = Array.from({ length: 40 }, (_, index) =>
    // Messages of several blocks are put in one by one, which takes time.
    index % 2 === 0
      ? user([text(`Question ${index}`), text('Well?')])
      : assistant(`Answer ${index}`),
  )
  // The process ends at the fifth message; the prompt would be the forty-first.
  const push = Reflect.get(InputQueue.prototype, 'push') as (...args: unknown[]) => void
  let count = 0
  const told = makeGate()
  let since = 0
  const spy = vi.spyOn(InputQueue.prototype, 'push').mockImplementation(function (
    this: unknown,
    ...pushed: unknown[]
  ) {
    Reflect.apply(push, this, pushed)
    count += 1
    if (count !== 5) return
    since = kill(scene)
    told.open()
  })
  const asked = scene.ask({ messages: [...past, user('Hello')] })
  await told.pass()
  spy.mockRestore()
  return asked.told(since)
}

async function killBeforeFirstEvent(scene: Scene): Promise<Told> {
  const asked = await askAndWait(scene, [hang()])
  const told = asked.told(kill(scene))
  await told
  answerAll(scene)
  return told
}

async function freezeBeforeFirstEvent(scene: Scene): Promise<Told> {
  const asked = await askAndWait(scene, [hang()])
  const told = asked.told(kill(scene, 'SIGSTOP'))
  scene.timers.elapse(LIMITS.firstEventTimeout)
  await told
  // Nor does it answer the request to stop its turn.
  await until(() => scene.timers.count(LIMITS.startTimeout) > 0)
  scene.timers.elapse(LIMITS.startTimeout)
  answerAll(scene)
  return told
}

async function killInMidStream(scene: Scene): Promise<Told> {
  const asked = await askAndWait(scene, [...beginning(), hang()])
  await asked.begun
  const told = asked.told(kill(scene))
  await told
  answerAll(scene)
  return told
}

async function cutInMidStream(scene: Scene): Promise<Told> {
  const gate = makeGate()
  const asked = await askAndWait(scene, [...beginning(), gate.pass, cut()])
  await asked.begun
  const since = performance.now()
  gate.open()
  const told = await asked.told(since)
  answerAll(scene)
  return told
}

async function killIdle(scene: Scene): Promise<Told> {
  const { body } = await scene.bench.ask('Hello')
  return goOnAfterKill(scene, {
    messages: [user('Hello'), assistant(body.content), user('And now?')],
  })
}

async function killHeld(scene: Scene): Promise<Told> {
  answerOthers(scene, () => message(toolUseMessage([{ id: 'toolu_1', name: 'look', input: {} }])))
  const { body } = await scene.bench.ask({ messages: [user('Look')], tools: [LOOK] })
  answerAll(scene)
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'A tree.' }
  return goOnAfterKill(scene, {
    tools: [LOOK],
    messages: [user('Look'), assistant(body.content), user([result])],
  })
}

/** Waits until the proxy has noticed: before that, the result is random. */
async function goOnAfterKill(scene: Scene, body: Record<string, unknown>): Promise<Told> {
  await killAll(scene)
  return scene.ask(body).told(performance.now())
}

/** Ends every process, and waits until the proxy has noticed the end of each. */
async function killAll(scene: Scene): Promise<void> {
  const { log } = scene.bench
  const notices = noticesIn(log.text())
  const count = scene.processes().length
  if (count === 0) return
  kill(scene)
  await until(() => noticesIn(log.text()) >= notices + count)
}

function noticesIn(log: string): number {
  return log.split('worker ended').length
}

async function askAndWait(scene: Scene, elements: Parameters<typeof events>[0]) {
  const arrived = makeGate()
  answerOthers(scene, () => {
    arrived.open()
    return events(elements)
  })
  const asked = scene.ask('Hello')
  await arrived.pass()
  return asked
}

/** Kills every process, and returns the time. */
function kill({ processes }: Scene, signal: NodeJS.Signals = 'SIGKILL'): number {
  const struck = processes()
  if (struck.length === 0) throw new Error('There is no process to strike.')
  const since = performance.now()
  for (const pid of struck) killIfAlive(pid, signal)
  return since
}

function killIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== 'ESRCH') throw failure
  }
}

function text(said: string): object {
  return { type: 'text', text: said }
}

/** The first events of a reply. */
function beginning() {
  return eventsOf(textMessage('Half of it.')).slice(0, 3)
}
