import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import Anthropic from '@anthropic-ai/sdk'

import { startProxy } from '../bench/programs.ts'
import { type Answer, error, message } from '../test/support/answers.ts'
import { textMessage } from '../test/support/messages.ts'
import { waitUntilGone } from '../test/support/processes.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { makeSandbox } from '../test/support/sandbox.ts'
import { type MessageRequest, startStandin } from '../test/support/standin.ts'

/*
 * Runs a large batch with errors and kills its server on the way. Checks whether requests are lost
 * or sent twice, and how the batch affects an interactive client.
 */

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '5' },
    processes: { type: 'string', default: '6' },
    // Several servers share a PostgreSQL, which is started for them.
    replicas: { type: 'string', default: '1' },
  },
})
const count = Number(options.requests)
const kills = Number(options.kills)
const replicas = Number(options.replicas)

/** Of each hundred requests, these always fail, and this one fails the first time. */
const WRONG = new Set([13, 47])
const FAILS_ONCE = 71
/** The interactive client's questions during the batch, and without it. */
const QUESTIONS = 40

const MODEL = 'claude-sonnet-4-6'

const standin = await startStandin()
const sandbox = makeSandbox(standin.url, { XDG_STATE_HOME: undefined })
standin.answer = answer
const postgres = replicas > 1 ? await startPostgres() : undefined
const database = await postgres?.makeDatabase()
const servers = await Promise.all(Array.from({ length: replicas }, () => start()))

const alone = await latencies(QUESTIONS)
const began = performance.now()
const { id } = await client().messages.batches.create({
  requests: Array.from({ length: count }, (_, index) => ({
    custom_id: `id-${index}`,
    params: asking(`This is request ${index}`),
  })),
})
const created = performance.now() - began
const beside: number[] = []
let killed = 0
let stoodStill = 0
for (;;) {
  const batch = await client().messages.batches.retrieve(id)
  const { processing, succeeded, errored, canceled, expired } = batch.request_counts
  if (processing + succeeded + errored + canceled + expired !== count) {
    throw new Error(`The counts do not add up: ${JSON.stringify(batch.request_counts)}`)
  }
  if (batch.processing_status === 'ended') break
  const finished = count - processing
  if (killed < kills && finished >= ((killed + 1) * count) / (kills + 1)) {
    killed += 1
    const at = performance.now()
    const index = killed % replicas
    const { pid } = servers[index] as Server
    process.kill(pid, 'SIGKILL')
    await waitUntilGone([pid], 5000)
    servers[index] = await start()
    // Other servers continue the work meanwhile.
    if (replicas === 1) stoodStill += performance.now() - at
  } else if (beside.length < QUESTIONS) {
    beside.push(...(await latencies(1)))
  } else {
    await setTimeout(100)
  }
}
const took = performance.now() - began - stoodStill

const lines: { id: string; type: string; attempts: number }[] = []
for await (const line of await client().messages.batches.results(id)) {
  const { attempts } = line as typeof line & { attempts: number }
  lines.push({ id: line.custom_id, type: line.result.type, attempts })
}
const final = await client().messages.batches.retrieve(id)
const asked = new Map<string, number>()
for (const request of standin.messages) {
  const name = `id-${numberIn(request)}`
  asked.set(name, (asked.get(name) ?? 0) + 1)
}
const problems = [
  ...(new Set(lines.map((line) => line.id)).size === count && lines.length === count
    ? []
    : [`${lines.length} lines for ${count} requests`]),
  ...lines
    .filter((line) => (line.type === 'errored') !== WRONG.has(Number(line.id.slice(3)) % 100))
    .map((line) => `${line.id} is ${line.type}`),
  ...lines
    .filter((line) => (asked.get(line.id) ?? 0) > line.attempts)
    .map((line) => `${line.id} was asked ${asked.get(line.id)} times in ${line.attempts} attempts`),
]
console.log({
  replicas,
  counts: final.request_counts,
  kills: killed,
  askedAgain: lines.filter(({ attempts }) => attempts > 1).length,
  createdInMs: Math.round(created),
  requestsPerSecond: Math.round((count / took) * 10_000) / 10,
  interactiveAloneMs: quantiles(alone),
  interactiveBesideMs: quantiles(beside),
  problems,
})
await Promise.all(servers.map((server) => server.stop()))
await standin.close()
await postgres?.stop()
sandbox.remove()
process.exitCode = problems.length === 0 ? 0 : 1

type Server = Awaited<ReturnType<typeof start>>

/** A client of any server. All servers are up whenever it asks. */
function client(): Anthropic {
  return (servers[Math.floor(Math.random() * replicas)] as Server).client
}

async function start() {
  const args = ['--host', '127.0.0.1', '--max-processes', options.processes]
  // Errors after the kill are expected.
  const env = { ...sandbox.env, ...(database && { CSP_DATABASE_URL: database }) }
  const program = await startProxy(env, sandbox.workFolder, args, () => {})
  const anthropic = new Anthropic({ baseURL: program.url, apiKey: 'unused', maxRetries: 0 })
  return { ...program, client: anthropic }
}

function asking(text: string) {
  return { model: MODEL, max_tokens: 50, messages: [{ role: 'user' as const, content: text }] }
}

/** A request of the batch may fail; a question must be answered. */
function answer(request: MessageRequest): Answer {
  const number = numberIn(request)
  if (number === undefined) return message(textMessage('Hello.'))
  if (WRONG.has(number % 100)) return error(400, 'invalid_request_error', 'made up')
  const isFirst = standin.messages.filter((other) => numberIn(other) === number).length === 1
  if (number % 100 === FAILS_ONCE && isFirst) return error(500, 'api_error', 'made up')
  return message(textMessage(`You said ${number}.`))
}

function numberIn({ body }: MessageRequest): number | undefined {
  const [, digits] = /This is request (\d+)/.exec(JSON.stringify(body.messages)) ?? []
  return digits === undefined ? undefined : Number(digits)
}

async function latencies(times: number): Promise<number[]> {
  const measured: number[] = []
  for (let index = 0; index < times; index += 1) {
    const at = performance.now()
    await client().messages.create(asking(`A question ${index}`))
    measured.push(performance.now() - at)
  }
  return measured
}

function quantiles(values: number[]): { p50: number; p90: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return { p50: at(0.5), p90: at(0.9), max: at(1) }
}
