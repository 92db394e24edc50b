import { readdirSync, writeFileSync } from 'node:fs'
import { cpus, platform, release } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { ask, closeConnections } from '../bench/client.ts'
import { startProxy, startStandin } from '../bench/programs.ts'
import { MODEL, SYSTEM, user } from '../bench/workloads.ts'
import { runtimeProcessesWithEnvironment, startedRuntimes } from '../test/support/processes.ts'
import { makeSandbox } from '../test/support/sandbox.ts'
import { type State, stateOf } from './state.ts'
import { type Ended, use } from './users.ts'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    users: { type: 'string', default: '6' },
    /** Repeats the choices of the users in another run. */
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})
const minutes = Number(options.minutes)
const userCount = Number(options.users)

const LIMITS = [
  ['max-processes', '5'],
  ['first-event-timeout', '5s'],
  ['next-event-timeout', '5s'],
  ['idle-timeout', '5s'],
  ['hold-timeout', '5s'],
].flatMap(([name, value]) => [`--${name}`, String(value)])

/** Allowed growth of the server from the second fifth of the time to the last, in MB. */
const GROWTH = 30

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)
let complaints = ''
const proxy = await startProxy(sandbox.env, sandbox.workFolder, LIMITS, (text) => {
  complaints += text
})

const random = randomOf(Number(options.seed))
// Memory that stays after the first requests is allocated before the first look.
for (let index = 0; index < 3; index += 1) {
  await ask(proxy.url, { model: MODEL, system: SYSTEM, messages: [user(`Hello ${index}`)] })
}
closeConnections()
const atStart = await atRest()

const ended: Ended[] = []
const samples: State[] = []
let kills = 0
const stopping = new AbortController()
const users = Array.from({ length: userCount }, () =>
  use(proxy.url, random, stopping.signal, (one) => ended.push(one)),
)
const endsAt = performance.now() + minutes * 60_000
while (performance.now() < endsAt) {
  await setTimeout(2000)
  samples.push(await stateOf(proxy))
  killOne()
  const left = Math.max(0, Math.round((endsAt - performance.now()) / 1000))
  process.stderr.write(`\r${ended.length} requests, ${kills} kills, ${left} s left   `)
}
stopping.abort()
await Promise.all(users)
process.stderr.write('\n')
closeConnections()
const atEnd = await atRest()
const exitCode = await proxy.stop()
await setTimeout(1000)
const orphans = runtimeProcessesWithEnvironment(sandbox.folder).map(({ pid }) => pid)
const leftFolders = readdirSync(`${sandbox.folder}/tmp`)
for (const pid of orphans) process.kill(pid, 'SIGKILL')
await standin.stop()
sandbox.remove()

const lost = ended.filter(({ outcome }) => outcome === 'lost')
const fifth = Math.floor(samples.length / 5)
const early = median(samples.slice(fifth, 2 * fifth).map(({ megabytes }) => megabytes))
const late = median(samples.slice(-fifth).map(({ megabytes }) => megabytes))
const turns = atEnd.turns - atStart.turns

const checks: [what: string, isRight: boolean][] = [
  [`requests that are lost: ${lost.length}`, lost.length === 0],
  [`turns that the proxy counted: ${turns} of ${ended.length}`, turns === ended.length],
  [
    `in flight or in line at the end: ${atEnd.inFlight + atEnd.waiting}`,
    atEnd.inFlight + atEnd.waiting === 0,
  ],
  [
    `processes at rest: ${atStart.processes} → ${atEnd.processes}, known ${atEnd.known}`,
    atEnd.processes === atEnd.known,
  ],
  [
    `descriptors at rest: ${atStart.descriptors} → ${atEnd.descriptors}`,
    atEnd.descriptors <= atStart.descriptors,
  ],
  [
    `memory under load: ${early.toFixed(0)} → ${late.toFixed(0)} MB; at rest ${atStart.megabytes.toFixed(0)} → ${atEnd.megabytes.toFixed(0)} MB`,
    late - early < GROWTH,
  ],
  [
    `warnings and errors in the log: ${complaints.length} characters`,
    complaints.replace(/^(Still s|S)topping\b.*\n/gm, '') === '',
  ],
  [`exit code: ${exitCode}`, exitCode === 0],
  [`orphans after the stop: ${orphans.length}`, orphans.length === 0],
  [`folders left in TMPDIR: ${leftFolders.length}`, leftFolders.length === 0],
]

const [cpu] = cpus()
const machine = `${cpus().length} × ${cpu?.model}, ${platform()} ${release()}, Node ${process.version}`
const rows = tableOf(ended)
process.stdout.write(
  [
    '| what | how it ended | requests | p50 s | most s |',
    '|---|---|--:|--:|--:|',
    ...rows.map(
      ({ work, end, count, p50, most }) =>
        `| ${work} | ${end} | ${count} | ${p50.toFixed(2)} | ${most.toFixed(2)} |`,
    ),
    '',
    `${minutes} minutes, ${userCount} users at once, ${ended.length} requests, ${kills} processes killed. ${machine}.`,
    '',
    ...checks.map(([what, isRight]) => `- ${isRight ? 'right' : 'WRONG'}: ${what}`),
    ...lost.slice(0, 10).map(({ work, detail }) => `  lost: ${work}: ${detail}`),
    complaints === '' ? '' : complaints.slice(0, 2000),
    '',
  ].join('\n'),
)
if (options.json !== undefined) {
  const result = {
    machine,
    minutes,
    users: userCount,
    requests: ended.length,
    kills,
    rows,
    checks,
    atStart,
    atEnd,
    samples,
    lost,
  }
  writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`)
}
process.exitCode = checks.every(([, isRight]) => isRight) ? 0 : 1

/** The state when nothing is in progress and only the spare process is left. */
async function atRest(): Promise<State> {
  const deadline = performance.now() + 60_000
  for (;;) {
    await setTimeout(500)
    const state = await stateOf(proxy)
    const isAtRest = state.inFlight === 0 && state.known === 2 && state.ready === 2
    if ((isAtRest && state.processes === 2) || performance.now() > deadline) return state
  }
}

function killOne(): void {
  const started = startedRuntimes(proxy.pid)
  const chosen = started[Math.floor(random() * started.length)]
  if (chosen === undefined) return
  process.kill(chosen.pid, 'SIGKILL')
  kills += 1
}

function tableOf(all: readonly Ended[]) {
  const groups = new Map<string, Ended[]>()
  for (const one of all) {
    const { work, outcome, detail } = one
    const name = `${work} | ${detail === '' ? outcome : `${outcome}: ${detail}`}`
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  return [...groups]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, group]) => {
      const [work = '', end = ''] = name.split(' | ')
      const seconds = group.map(({ milliseconds }) => milliseconds / 1000)
      return { work, end, count: group.length, p50: median(seconds), most: Math.max(...seconds) }
    })
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}

/** Pseudo-random numbers from 0 to 1 from a seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
