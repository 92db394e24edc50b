import { readFileSync } from 'node:fs'

/** Milliseconds between two checks. */
const LOOK_MILLISECONDS = 500

/**
 * Calls the listener once the process that started this one is gone: then this one has another
 * parent. `npm start` puts a shell between npm and the server, which does not pass a signal on.
 *
 * @param starters returns the ids of the present parents
 */
export function onParentGone(gone: () => void, starters = startersOf): void {
  const first = starters()
  const timer = setInterval(() => {
    if (starters() === first) return
    clearInterval(timer)
    gone()
  }, LOOK_MILLISECONDS).unref()
}

/**
 * The ids of the parent and, if that is a shell with one command (`sh -c …`), of its parent: such a
 * shell outlives an npm that is killed. Only Linux reports more than the parent.
 */
export function startersOf(parent = process.ppid, read = readProcess): string {
  const { isShell = false, parent: grandparent } = read(parent) ?? {}
  return isShell ? `${parent} ${grandparent}` : String(parent)
}

type ProcessFacts = { isShell: boolean; parent: number }

/** Undefined if the system does not report it. */
function readProcess(pid: number): ProcessFacts | undefined {
  try {
    const [program = '', option] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program is in brackets, and may itself contain brackets.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { isShell: option === '-c' && /(?:^|\/)\w*sh$/.test(program), parent: Number(parent) }
  } catch {
    return undefined
  }
}
