import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

export function checkConfiguration({ configuration }: Pick<Facts, 'configuration'>): Finding {
  const { file, warnings, problem } = configuration
  const name = 'configuration'
  if (problem !== undefined) {
    return {
      name,
      level: 'error',
      text: problem,
      fix: 'Correct this value or line. config.example.txt and --help list all options. The checks below use the defaults.',
    }
  }
  const where = file === undefined ? 'no file (defaults, environment, command line)' : file
  if (warnings.length === 0) return { name, level: 'ok', text: where }
  return {
    name,
    level: 'warning',
    text: warnings.join('; '),
    fix: 'Correct the name, or remove it.',
  }
}
