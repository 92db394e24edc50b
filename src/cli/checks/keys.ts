import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** The file of keys. */
export function checkKeys({ keyFile }: Pick<Facts, 'keyFile'>): Finding | undefined {
  if (keyFile === undefined) return undefined
  const { path, problem, count, readable, isOpen } = keyFile
  const name = 'keys'
  if (problem !== undefined) {
    return {
      name,
      level: 'error',
      text: problem,
      fix: 'claude-sub-proxy keys add NAME makes a key.',
    }
  }
  const text = `${count} in ${path}, ${readable} of them readable`
  if (isOpen && readable > 0) {
    return {
      name,
      level: 'warning',
      text: `${text}, and all users of this machine can read the file`,
      fix: `chmod 600 ${path}, and replace the readable keys by new ones from claude-sub-proxy keys add.`,
    }
  }
  return { name, level: 'ok', text }
}
