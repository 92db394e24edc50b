import type { AimResult } from './aims.ts'
import { isRelay, isReference, NAMES } from './catalog.ts'
import { type Figures, figuresOf, type Measured } from './measured.ts'
import type { Share } from './share.ts'
import type { Summary } from './statistics.ts'
import type { Workload } from './workloads.ts'

export type Facts = {
  machine: string
  rounds: number
  startedInMilliseconds: number
  memoryAtStart: Memory
  memoryAtEnd: Memory
  /** 40 s later; the same value if not all workloads were run. */
  memoryAtRest: Memory
  /** The largest memory of the proxy and its processes at any look, in MB. */
  peak: number
  share: Share | undefined
}

type Memory = { own: number; children: number[] }

const HEADER = [
  'work',
  'p50 ms',
  'p95 ms',
  'over direct',
  'faster than cold',
  'requests/s',
  'CPU ms',
  'peak MB',
  'n',
  'lanes',
]

/** The results as Markdown. */
export function renderReport(
  measured: readonly Measured[],
  aims: readonly AimResult[],
  facts: Facts,
): string {
  const all = new Map(measured.map((entry) => [entry.workload.name, figuresOf(entry)]))
  const { share, memoryAtStart, memoryAtEnd, memoryAtRest } = facts
  return [
    '',
    row(HEADER),
    row(HEADER.map((_, index) => (index === 0 || index === HEADER.length - 1 ? '---' : '--:'))),
    ...measured.map(({ workload }) => row(cellsOf(workload, all))),
    '',
    ...(aims.length === 0 ? [] : [...renderAims(aims), '']),
    ...(share === undefined
      ? []
      : [
          `The proxy's own share, p50 / p95: request in → into the process ${describe(share.inward)}, event out of the process → on the socket ${describe(share.outward)}.`,
        ]),
    `From the start of the command to its banner: ${facts.startedInMilliseconds.toFixed(0)} ms.`,
    `Memory, private: ${describeMemory(memoryAtStart)} at start, ${describeMemory(memoryAtEnd)} at the end, ${describeMemory(memoryAtRest)} 40 s later; ${facts.peak.toFixed(0)} MB without a file at the most.`,
    `${facts.rounds} rounds. ${facts.machine}.`,
    '',
  ].join('\n')
}

/** Of the server and its processes, in MB. */
export function sumOf({ own, children }: Memory): number {
  return children.reduce((total, child) => total + child, own)
}

function cellsOf(workload: Workload, all: ReadonlyMap<string, Figures>): string[] {
  const own = all.get(workload.name)
  if (own === undefined) throw new Error(`${workload.name} was not measured.`)
  const reference = all.get(workload.against ?? NAMES.cold) ?? own
  const direct = all.get(NAMES.direct)?.p50 ?? NaN
  return [
    workload.name,
    milliseconds(own.p50),
    milliseconds(own.p95),
    isRelay(workload) ? '' : milliseconds(own.p50 - direct),
    comparison(workload, own, reference),
    own.requestsPerSecond.toFixed(1),
    own.cpu.toFixed(0),
    own.peak.toFixed(0),
    String(own.samples),
    Object.entries(own.lanes)
      .map(([lane, count]) => `${lane} ${count}`)
      .join(', '),
  ]
}

function renderAims(aims: readonly AimResult[]): string[] {
  return [
    row(['target', 'goal', 'measured', '']),
    row(['---', '--:', '--:', '---']),
    ...aims.map(({ what, wanted, measured, isMet }) =>
      row([what, wanted, measured, isMet ? 'met' : '**not met**']),
    ),
  ]
}

function comparison(workload: Workload, own: Figures, reference: Figures): string {
  if (isReference(workload)) return ''
  if (isRelay(workload)) return `takes ${(own.p50 / reference.p50).toFixed(2)} × SDK`
  if (workload.isThroughput !== true) return `${(reference.p50 / own.p50).toFixed(1)} ×`
  return `${(own.requestsPerSecond / reference.requestsPerSecond).toFixed(1)} × the requests/s`
}

function describe({ p50, p95 }: Summary): string {
  return `${p50.toFixed(2)} / ${p95.toFixed(2)} ms`
}

function milliseconds(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0)
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function describeMemory({ own, children }: Memory): string {
  const processes = sumOf({ own: 0, children })
  return `${own.toFixed(0)} MB and ${children.length} processes with ${processes.toFixed(0)} MB`
}
