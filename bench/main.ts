import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, platform } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { makeSandbox } from '../test/support/sandbox.ts'
import { judge, MEMORY_BEFORE } from './aims.ts'
import { allWorkloads, chosenWorkloads, isColdStart, NAMES } from './catalog.ts'
import { ask, closeConnections } from './client.ts'
import { figuresOf, type Measured, type Sample } from './measured.ts'
import { childrenBelow, cpuOf, cpuOfEndedChildren, memoryOf, MemoryWatch } from './process-tree.ts'
import { startProxy, startStandin } from './programs.ts'
import { renderReport, sumOf } from './report.ts'
import { measureShare } from './share.ts'
import { MODEL, user, type Workload } from './workloads.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    /**
     * A regular expression: runs only workloads with a matching name, and the workloads that they are
     * compared with.
     */
    only: { type: 'string', default: '' },
    /** A file for all samples, as JSON. */
    json: { type: 'string' },
    /** Such a file of another run, to compare the memory at the end. */
    baseline: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const wanted = new RegExp(options.only)
/** After this time, unused workers have ended. */
const REST_MILLISECONDS = 40_000

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)
const proxy = await startProxy(sandbox.env, sandbox.workFolder)
const memoryAtStart = memoryOf(proxy.pid)

const workloads = chosenWorkloads(
  allWorkloads({
    standinUrl: standin.url,
    proxyUrl: proxy.url,
    env: sandbox.env,
    workFolder: sandbox.workFolder,
  }),
  wanted,
)
const measured = new Map<Workload, Measured>(
  workloads.map((workload) => [workload, { workload, samples: [], lanes: new Map() }]),
)

// The first requests warm up connections and compilers.
for (const url of [standin.url, proxy.url]) {
  await ask(url, { model: MODEL, messages: [user('Hello')] })
}
await untilQuiet()

for (let round = 0; round < rounds; round += 1) {
  const first = round % workloads.length
  for (const workload of [...workloads.slice(first), ...workloads.slice(0, first)]) {
    if (workload.isRare === true && round % 3 !== 0) continue
    process.stderr.write(`\rround ${round + 1} of ${rounds}: ${workload.name.padEnd(50)}`)
    const lanesBefore = await lanesOf(proxy.url)
    const sample = await measure(workload)
    const entry = measured.get(workload)
    entry?.samples.push(sample)
    for (const [lane, count] of await lanesOf(proxy.url)) {
      const turns = count - (lanesBefore.get(lane) ?? 0)
      if (turns > 0) entry?.lanes.set(lane, (entry.lanes.get(lane) ?? 0) + turns)
    }
  }
}
process.stderr.write('\n')

const memoryAtEnd = memoryOf(proxy.pid)
const baseline = baselineMemory()
// Unused workers end after half a minute.
if (baseline !== undefined) await setTimeout(REST_MILLISECONDS)
const memoryAtRest = memoryOf(proxy.pid)
const share = wanted.test('share')
  ? await measureShare(standin.url, sandbox.env, Math.min(100, rounds * 20))
  : undefined
await proxy.stop()
closeConnections()
await standin.stop()
sandbox.remove()

const entries = [...measured.values()]
const figures = entries.map(figuresOf)
const [cpu] = cpus()
const facts = {
  machine: `${cpus().length} × ${cpu?.model}, ${platform()}, Node ${process.version}`,
  rounds,
  startedInMilliseconds: proxy.startedIn,
  memoryAtStart,
  memoryAtEnd,
  memoryAtRest,
  peak: Math.max(...entries.filter(({ workload }) => !isColdStart(workload)).flatMap(peaksOf)),
  share,
}
const aims = judge(figures, {
  atRest: sumOf(memoryAtRest),
  baseline,
})
process.stdout.write(renderReport(entries, aims, facts))
if (options.json !== undefined) {
  const results = entries.map((entry) => ({ ...figuresOf(entry), runs: entry.samples }))
  writeFileSync(options.json, `${JSON.stringify({ ...facts, aims, results }, undefined, 2)}\n`)
}

/** Runs a workload once, until all activity that it caused has ended. */
async function measure(workload: Workload): Promise<Sample> {
  const cpuBefore = cpuSpent()
  const watch = new MemoryWatch(isStartedHere(workload) ? processesHere : proxyProcesses)
  const startedAt = performance.now()
  const run = await workload.run()
  const wall = performance.now() - startedAt
  await untilQuiet()
  return { ...run, wall, cpu: cpuSpent() - cpuBefore, peak: watch.stop() }
}

/** Whether a workload's processes are children of this one, not of the proxy. */
function isStartedHere(workload: Workload): boolean {
  return isColdStart(workload) || workload.name === NAMES.sdk
}

function proxyProcesses(): number[] {
  return [proxy.pid, ...childrenBelow(proxy.pid)]
}

function processesHere(): number[] {
  const others = new Set([standin.pid, ...proxyProcesses()])
  return childrenBelow(process.pid).filter((pid) => !others.has(pid))
}

function cpuSpent(): number {
  return cpuOf(proxy.pid) + cpuOfEndedChildren()
}

/** Resolves when the proxy and its processes are almost idle. */
async function untilQuiet(): Promise<void> {
  const deadline = performance.now() + 6000
  let quietLooks = 0
  while (quietLooks < 2 && performance.now() < deadline) {
    const before = cpuSpent()
    await setTimeout(150)
    const isQuiet = cpuSpent() - before <= 20 && processesHere().length === 0
    quietLooks = isQuiet ? quietLooks + 1 : 0
  }
}

/** The number of turns by lane since the start, from the proxy's own report. */
async function lanesOf(url: string): Promise<Map<string, number>> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const lanes = new Map<string, number>()
  for (const [, lane = '', count] of metrics.matchAll(
    /^claude_proxy_turns_total\{.*?lane="(\w+)".*\} (\d+)$/gm,
  )) {
    lanes.set(lane, (lanes.get(lane) ?? 0) + Number(count))
  }
  return lanes
}

function peaksOf({ samples }: Measured): number[] {
  return samples.map(({ peak }) => peak)
}

/** After a selection of the workloads, the memory is not comparable. */
function baselineMemory(): number | undefined {
  if (options.baseline !== undefined) return memoryIn(options.baseline)
  return options.only === '' ? MEMORY_BEFORE : undefined
}

function memoryIn(file: string): number {
  const run = JSON.parse(readFileSync(file, 'utf8')) as Pick<typeof facts, 'memoryAtEnd'>
  return sumOf(run.memoryAtEnd)
}
