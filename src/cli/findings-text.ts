import { VERSION } from '../version.ts'
import type { Finding } from './finding.ts'
import { wrap } from '../config/wrap.ts'
import type { Look, Paint } from './style.ts'

export type Medium = {
  isTerminal: boolean
  paint: Paint
  /**
   * The width of the terminal, 0 if unknown; undefined in a pipe, in which lines are not wrapped.
   */
  columns: number | undefined
}

const MARKS: Readonly<Record<Finding['level'], { sign: string; look: Look }>> = {
  ok: { sign: '✓', look: 'green' },
  warning: { sign: '!', look: 'yellow' },
  error: { sign: '✗', look: 'red' },
  skipped: { sign: '-', look: 'dim' },
}

/**
 * The findings of `doctor`: with signs, colours and wrapped lines for people; one line each in a
 * pipe.
 */
export function renderFindings(findings: readonly Finding[], medium: Medium): string {
  const body = findings.flatMap((finding) =>
    medium.isTerminal ? terminalLines(finding, medium) : plainLines(finding),
  )
  const title = medium.paint('bold', `claude-sub-proxy ${VERSION}`)
  const lines = medium.isTerminal
    ? ['', `  ${title}`, '', ...body, '', ...summary(findings).map((line) => `  ${line}`), '']
    : [title, ...body, ...summary(findings)]
  return `${lines.join('\n')}\n`
}

function plainLines({ name, level, text, fix, ways = [] }: Finding): string[] {
  const line = (first: string, last: string): string => `${first} ${name.padEnd(14)} ${last}`
  return [
    line(level.padEnd(8), text),
    ...(fix === undefined ? [] : [line('fix'.padStart(8), fix)]),
    ...ways.map((way) => line('or'.padStart(8), way)),
  ]
}

function terminalLines(
  { name, level, text, fix, ways = [] }: Finding,
  { paint, columns }: Medium,
): string[] {
  const { sign, look } = MARKS[level]
  const width = Math.max(30, Math.min(columns || 80, 100) - INDENT.length - 2)
  const [first = '', ...others] = wrap(text, width)
  const fixes = [
    ...(fix === undefined ? [] : withHangingIndent('→ ', fix, width)),
    ...ways.flatMap((way) => withHangingIndent('  • ', way, width)),
  ]
  return [
    `  ${paint(look, sign)} ${name.padEnd(INDENT.length - 4)}${first}`,
    ...others.map((line) => `${INDENT}${line}`),
    ...fixes.map((line) => `${INDENT}${paint('cyan', line)}`),
  ]
}

/** A text wrapped to lines of a width; the first line begins with a mark. */
function withHangingIndent(mark: string, text: string, width: number): string[] {
  const lines = wrap(text, width - mark.length)
  return lines.map((line, index) => `${index === 0 ? mark : ' '.repeat(mark.length)}${line}`)
}

const INDENT = ' '.repeat(19)

function summary(findings: readonly Finding[]): string[] {
  const found = [...some(findings, 'error'), ...some(findings, 'warning')]
  const names = new Set(findings.map(({ name }) => name))
  return [
    found.length === 0 ? 'No problem was found.' : `${found.join(', ')}.`,
    ...(names.has('online') ? [] : ['Not checked: whether the API can be reached (--online).']),
    ...(names.has('turn')
      ? []
      : ['Not checked: whether a model answers (--turn; costs a few tokens).']),
  ]
}

function some(findings: readonly Finding[], wanted: Finding['level']): string[] {
  const { length } = findings.filter(({ level }) => level === wanted)
  return length === 0 ? [] : [`${length} ${wanted}${length === 1 ? '' : 's'}`]
}
