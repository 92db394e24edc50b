import { writeFileSync } from 'node:fs'
import { cpus, platform } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { makeSandbox } from '../test/support/sandbox.ts'
import { ask, closeConnections } from './client.ts'
import { coldStart, WarmQuery } from './cold.ts'
import { cpuOf, cpuOfEndedChildren, memoryOf, startProxy, startStandin } from './programs.ts'
import { type Measured, renderTable } from './report.ts'
import { measureShare } from './share.ts'
import { summarize } from './statistics.ts'
import * as works from './works.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    /** Milliseconds between two works, in which the proxy readies itself again. */
    pause: { type: 'string', default: '1500' },
    /** A regular expression: only the works whose names it fits, and what they are compared with. */
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const pause = Number(options.pause)

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)
const proxy = await startProxy(sandbox.env, sandbox.workFolder)
const memoryAtStart = memoryOf(proxy.pid)

const { SYSTEM, unique } = works
const cold = async (): Promise<number[]> => {
  const asked = coldStart(sandbox.env, sandbox.workFolder, SYSTEM, `Hello ${unique()}`)
  return [(await asked).firstDelta]
}
const hello = works.newConversation(proxy.url, '', () => SYSTEM).run

const all: works.Work[] = [
  { ...works.newConversation(standin.url, 'direct call', () => SYSTEM), requests: 1 },
  { name: 'cold start', requests: 1, run: cold },
  works.nextTurn(proxy.url, 3),
  works.toolSteps(proxy.url, 10),
  works.newConversation(proxy.url, 'new conversation, system seen before', () => SYSTEM),
  works.newConversation(proxy.url, 'new conversation, new system', () => `System ${unique()}.`),
  works.backToBack(proxy.url, 3),
  works.unseenHistory(proxy.url, 20),
  works.unseenHistory(proxy.url, 200),
  works.atOnce('cold start, 8 at once', 8, cold),
  { ...works.atOnce('new conversation, 8 at once', 8, hello), against: 'cold start, 8 at once' },
  works.atOnce('cold start, 32 at once', 32, cold),
  { ...works.atOnce('new conversation, 32 at once', 32, hello), against: 'cold start, 32 at once' },
  works.relay(standin.url, 'direct call, 10,000 deltas', 10_000),
  {
    name: 'SDK alone, 10,000 deltas',
    run: async () => {
      const warm = new WarmQuery(sandbox.env, sandbox.workFolder)
      await warm.relay(`${unique()} deltas=10000`)
      const timing = await warm.relay(`${unique()} deltas=10000`)
      warm.close()
      return [timing]
    },
  },
  {
    ...works.relay(proxy.url, 'relay of 10,000 deltas', 10_000),
    against: 'SDK alone, 10,000 deltas',
  },
]
const wanted = new RegExp(options.only)
const baselines = new Set(['direct call', 'cold start'])
const chosen = all.filter(({ name }) => wanted.test(name) || baselines.has(name))

const measured = new Map<string, Measured>()
// The first requests of all are for warming up: the connections, the compilers.
await ask(standin.url, { model: works.MODEL, messages: [works.user('Hello')] })
await hello()
await setTimeout(pause)

for (let round = 0; round < rounds; round += 1) {
  const first = round % chosen.length
  for (const work of [...chosen.slice(first), ...chosen.slice(0, first)]) {
    if (isRare(work) && round % 3 !== 0) continue
    process.stderr.write(`\rround ${round + 1} of ${rounds}: ${work.name.padEnd(50)}`)
    const before = { proxy: cpuOf(proxy.pid), ended: cpuOfEndedChildren() }
    const milliseconds = await work.run()
    await setTimeout(isRare(work) ? pause * 3 : pause)
    const cpu = cpuOf(proxy.pid) - before.proxy + cpuOfEndedChildren() - before.ended
    const entry = measured.get(work.name) ?? { work, milliseconds: [], cpu: [] }
    entry.milliseconds.push(...milliseconds)
    entry.cpu.push(cpu)
    measured.set(work.name, entry)
  }
}
process.stderr.write('\n')

const memoryAtEnd = memoryOf(proxy.pid)
const share = await measureShare(standin.url, sandbox.env)
await proxy.stop()
closeConnections()
await standin.stop()
sandbox.remove()

const [cpu] = cpus()
const facts = {
  machine: `${cpus().length} × ${cpu?.model}, ${platform()}, Node ${process.version}`,
  rounds,
  startedInMilliseconds: proxy.startedIn,
  memoryAtStart,
  memoryAtEnd,
  share,
}
process.stdout.write(renderTable(measured, facts))
if (options.json !== undefined) {
  const results = [...measured.values()].map(({ work: { name }, milliseconds, cpu: used }) => ({
    name,
    ...summarize(milliseconds),
    milliseconds,
    cpuMilliseconds: used,
  }))
  writeFileSync(options.json, `${JSON.stringify({ ...facts, results }, undefined, 2)}\n`)
}

function isRare({ name }: works.Work): boolean {
  return name.includes('at once')
}
