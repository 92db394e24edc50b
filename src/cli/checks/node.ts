import type { System } from '../../inspect.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { nodeProblem } from '../node-version.ts'

export function checkNode({
  nodeVersion,
  cpuModel,
  runtime,
}: Pick<Facts, 'nodeVersion' | 'cpuModel' | 'runtime'>): Finding {
  const name = 'node'
  const problem = nodeProblem(nodeVersion)
  if (problem === undefined && isTranslated(runtime.system, cpuModel)) {
    return {
      name,
      level: 'warning',
      text: `Node.js ${nodeVersion} is made for Intel, but this Mac has an ${cpuModel}: Rosetta translates it and Claude Code, which is slow`,
      fix: 'Install Node.js for arm64, delete node_modules, and run npm install again.',
    }
  }
  if (problem === undefined) return { name, level: 'ok', text: `Node.js ${nodeVersion}` }
  const [text = '', fix = ''] = problem.split(': ', 2)
  return { name, level: 'error', text, fix }
}

/** An Intel Node.js installs the Intel runtime; on an Apple processor both run translated. */
function isTranslated({ platform, arch }: System, cpuModel: string): boolean {
  return platform === 'darwin' && arch === 'x64' && cpuModel.startsWith('Apple')
}
