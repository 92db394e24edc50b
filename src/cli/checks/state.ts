import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { permissionFix } from '../shell.ts'

export function checkState({ state, runtime }: Pick<Facts, 'state' | 'runtime'>): Finding {
  const name = 'state'
  if (state === undefined) {
    return {
      name,
      level: 'warning',
      text: 'there is no home folder, so usage is lost when the process ends',
      fix: 'Set HOME, or choose a folder with --state-folder.',
    }
  }
  if (state.problem === undefined) return { name, level: 'ok', text: state.folder }
  return {
    name,
    level: 'warning',
    text: `${state.folder} is not writable (${state.problem}): requests are served, but usage is lost when the process ends`,
    fix:
      state.problem === 'ENOTDIR'
        ? 'A file has the name of the folder: move the file, or choose another folder with --state-folder.'
        : `Give it to this user (${permissionFix(state.folder, 'write', runtime.system.platform)}), or choose another folder with --state-folder.`,
  }
}
