import type { Installation, System } from '../../inspect.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { permissionFix } from '../shell.ts'

const CLAUDE_PATH = 'claude_path (--claude-path, CSP_CLAUDE_PATH)'

export function checkRuntime({
  runtime,
  claudePath,
}: Pick<Facts, 'runtime'> & { claudePath: string | undefined }): Finding {
  const { installation, system } = runtime
  const isNamed = claudePath !== undefined
  if ('version' in installation) {
    const whose = isNamed ? ', from claude_path' : ''
    const text = `Claude Code ${installation.version} (${describeSystem(system)}${whose}): ${installation.path}`
    return { name: 'runtime', level: 'ok', text }
  }
  return { name: 'runtime', level: 'error', ...explain(installation, isNamed, system) }
}

function explain(
  { path = '', problem }: Extract<Installation, { problem: unknown }>,
  isNamed: boolean,
  system: System,
): Pick<Finding, 'text' | 'fix'> {
  const again = isNamed
    ? `Set ${CLAUDE_PATH} to the executable of Claude Code, or remove it to use the bundled one.`
    : `Run npm install again, without --omit=optional, or set ${CLAUDE_PATH} to an executable of Claude Code.`
  switch (problem.kind) {
    case 'not installed':
      return {
        text: `the runtime for ${describeSystem(system)} is not installed (${problem.package})`,
        fix: again,
      }
    case 'missing':
      return { text: `${path}: there is no such file`, fix: again }
    case 'no file':
      return { text: `${path} is not a file`, fix: again }
    case 'not executable':
      return {
        text: `${path} is not executable`,
        fix: `Run ${permissionFix(path, 'run', system.platform)}. ${again}`,
      }
    case 'shell script':
      return {
        text: `${path} is a script for a shell, not a program`,
        fix: `Set ${CLAUDE_PATH} to the claude.exe that it starts, or remove it to use the bundled one.`,
      }
    case 'fails': {
      const properties =
        system.platform === 'linux' ? 'architecture and C library (glibc or musl)' : 'architecture'
      return {
        text: `${path} does not run on ${describeSystem(system)} (${problem.reason})`,
        fix: `${again} It must fit this system: ${properties}.`,
      }
    }
    case 'something else':
      return {
        text: `${path} is not Claude Code; it printed ${JSON.stringify(problem.printed.split('\n', 1)[0])}`,
        fix: again,
      }
    default:
      throw new TypeError(`unknown problem: ${JSON.stringify(problem satisfies never)}`)
  }
}

function describeSystem({ platform, arch, isMusl }: System): string {
  const library = platform === 'linux' ? [isMusl ? 'musl' : 'glibc'] : []
  return [platform, arch, ...library].join(' ')
}
