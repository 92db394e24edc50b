import type { Share } from './share.ts'
import { type Summary, summarize } from './statistics.ts'
import type { Work } from './works.ts'

export type Measured = {
  work: Work
  milliseconds: number[]
  /** CPU milliseconds of each run, on the proxy's side. */
  cpu: number[]
}

export type Facts = {
  machine: string
  rounds: number
  startedInMilliseconds: number
  memoryAtStart: Memory
  memoryAtEnd: Memory
  share: Share
}

type Memory = { own: number; children: number[] }

/** The results as Markdown. */
export function renderTable(measured: ReadonlyMap<string, Measured>, facts: Facts): string {
  const direct = medianOf(measured.get('direct call'))
  const rows = [...measured.values()].map((entry) => {
    const { p50, p95, samples } = summarize(entry.milliseconds)
    const baseline = medianOf(measured.get(entry.work.against ?? 'cold start'))
    const isOnScale = !entry.work.name.includes('10,000')
    return [
      entry.work.name,
      milliseconds(p50),
      milliseconds(p95),
      isOnScale ? milliseconds(p50 - direct) : '',
      ratio(entry.work, baseline / p50),
      (summarize(entry.cpu).p50 / (entry.milliseconds.length / entry.cpu.length)).toFixed(0),
      String(samples),
    ]
  })
  const header = ['work', 'p50 ms', 'p95 ms', 'over direct', 'faster than cold', 'CPU ms', 'n']
  const { share, memoryAtStart, memoryAtEnd } = facts
  return [
    '',
    row(header),
    row(header.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(row),
    '',
    `The proxy's own share, p50 / p95: request in → into the process ${describe(share.inward)}, event out of the process → on the socket ${describe(share.outward)}.`,
    `From the start of the command to its banner: ${facts.startedInMilliseconds.toFixed(0)} ms.`,
    `Memory, private: ${describeMemory(memoryAtStart)} at start, ${describeMemory(memoryAtEnd)} at the end.`,
    `${facts.rounds} rounds. ${facts.machine}.`,
    '',
  ].join('\n')
}

function ratio({ name, against }: Work, value: number): string {
  if (name.startsWith('direct') || name.startsWith('SDK') || name.startsWith('cold')) return ''
  return against?.startsWith('SDK')
    ? `takes ${(1 / value).toFixed(2)} × SDK`
    : `${value.toFixed(1)} ×`
}

function describe({ p50, p95 }: Summary): string {
  return `${p50.toFixed(2)} / ${p95.toFixed(2)} ms`
}

function medianOf(measured: Measured | undefined): number {
  return measured === undefined ? NaN : summarize(measured.milliseconds).p50
}

function milliseconds(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0)
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function describeMemory({ own, children }: Memory): string {
  const sum = children.reduce((total, child) => total + child, 0)
  return `${own.toFixed(0)} MB and ${children.length} processes with ${sum.toFixed(0)} MB`
}
