import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { nodeProblem } from '../node-version.ts'

export function checkNode({ nodeVersion }: Pick<Facts, 'nodeVersion'>): Finding {
  const name = 'node'
  const problem = nodeProblem(nodeVersion)
  if (problem === undefined) return { name, level: 'ok', text: `Node.js ${nodeVersion}` }
  const [text = '', fix = ''] = problem.split(': ', 2)
  return { name, level: 'error', text, fix }
}
