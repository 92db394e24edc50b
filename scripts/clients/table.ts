import type { Attempt } from './client-program.ts'

/** The markers before and after the table in docs/clients.md. */
export const BETWEEN = ['<!-- clients -->\n', '<!-- end of clients -->\n'] as const

/** The document with a table of these attempts between its markers. */
export function withTable(document: string, attempts: readonly Attempt[], date: string): string {
  const [begin, end] = BETWEEN
  const [before = '', rest = ''] = document.split(begin, 2)
  const after = rest.slice(rest.indexOf(end))
  return `${before}${begin}\n${renderTable(attempts, date)}\n${after}`
}

const WORK = 'two commands, then an answer'

/** The table, followed by notes about single clients. */
export function renderTable(attempts: readonly Attempt[], date: string): string {
  const rows = attempts.map(
    ({ client, version, lanes, result }) =>
      `| ${[client.name, version, client.api, WORK, lanes.join(', '), result].map(cell).join(' | ')} |\n`,
  )
  const notes = attempts.flatMap(({ client, note }) =>
    note === undefined ? [] : [`- ${client.name}: ${cell(note)}\n`],
  )
  const head =
    '| client | version | API | task | lanes | result |\n| --- | --- | --- | --- | --- | --- |\n'
  return `Run on ${date}.\n\n${head}${rows.join('')}${notes.length > 0 ? '\n' : ''}${notes.join('')}`
}

function cell(text: string): string {
  return text === '' ? '–' : text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}
