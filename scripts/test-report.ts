import { isMap } from './values.ts'

/** A failed test, and the first line of the reason. */
export type Failure = { file: string; test: string; reason: string }

/**
 * The tests that failed.
 *
 * @param report the parsed output of `vitest --reporter=json`
 * @param root the folder to which the paths of files are relative
 * @throws TypeError if it is no such report, or has no test
 */
export function failuresOf(report: unknown, root: string): Failure[] {
  if (!isMap(report) || !Array.isArray(report['testResults'])) {
    throw new TypeError('This is no report of tests')
  }
  const files = report['testResults'].filter(isMap)
  if (files.length === 0) throw new TypeError('The report has no tests')
  return files.flatMap((file) => {
    const name = String(file['name']).replace(`${root}/`, '')
    const tests = Array.isArray(file['assertionResults']) ? file['assertionResults'] : []
    const failed = tests.filter(isMap).filter(({ status }) => status === 'failed')
    if (failed.length === 0 && file['status'] === 'failed') {
      return [{ file: name, test: 'the file itself', reason: firstLine(file['message']) }]
    }
    return failed.map((test) => ({
      file: name,
      test: String(test['fullName']),
      reason: firstLine(Array.isArray(test['failureMessages']) ? test['failureMessages'][0] : ''),
    }))
  })
}

/** The failures for a reader, by file. */
export function renderFailures(failures: readonly Failure[]): string {
  const files = [...new Set(failures.map(({ file }) => file))]
  return files
    .map((file) => {
      const tests = failures.filter((failure) => failure.file === file)
      return [file, ...tests.map(({ test, reason }) => `  ${test}\n    ${reason}`)].join('\n')
    })
    .join('\n')
}

function firstLine(text: unknown): string {
  // oxlint-disable-next-line no-control-regex -- vitest colours what it compares
  const plain = (typeof text === 'string' ? text : '').replaceAll(/\u001B\[[\d;]*m/g, '')
  return plain.trim().split('\n', 1)[0] ?? ''
}
