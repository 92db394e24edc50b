import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type Row = {
  stage: string
  fault: string
  gets: string
  /** In seconds, or the name of the timeout that ended the wait. */
  time: string
  left: string
}

const DOCUMENT = fileURLToPath(new URL('../../../docs/faults.md', import.meta.url))

export const BETWEEN = ['<!-- oxfmt-ignore-start -->\n', '<!-- oxfmt-ignore-end -->'] as const

/** Puts the rows between the markers of docs/faults.md. */
export function withTable(write: (path: string, text: string) => void, rows: Row[]): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [start, end] = BETWEEN
  const [before = '', rest = ''] = text.split(start, 2)
  const after = rest.slice(rest.indexOf(end))
  write(DOCUMENT, `${before}${start}\n${HEAD}${rows.map(line).join('')}\n${after}`)
}

const HEAD =
  '| where | what breaks | what the client gets | seconds | what is left |\n|---|---|---|---|---|\n'

function line({ stage, fault, gets, time, left }: Row): string {
  return `| ${stage} | ${fault} | ${gets} | ${time} | ${left} |\n`
}
