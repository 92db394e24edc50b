import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { rightsFix } from '../shell.ts'

export function checkState({ state, runtime }: Pick<Facts, 'state' | 'runtime'>): Finding {
  const name = 'state'
  if (state === undefined) {
    return {
      name,
      level: 'warning',
      text: 'there is no home folder: usage is counted until the end of the process only',
      fix: 'Set HOME, or name a folder with --state-folder.',
    }
  }
  if (state.problem === undefined) return { name, level: 'ok', text: state.folder }
  return {
    name,
    level: 'warning',
    text: `${state.folder} can't be written (${state.problem}): requests are served, and usage is not kept`,
    fix:
      state.problem === 'ENOTDIR'
        ? 'A file stands where a folder should be: move it, or name another folder with --state-folder.'
        : `Give it to this user (${rightsFix(state.folder, 'write', runtime.system.platform)}), or name another with --state-folder.`,
  }
}
