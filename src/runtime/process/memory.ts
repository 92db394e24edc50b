import { readFile } from 'node:fs/promises'

const PAGE_BYTES = 4096

/** The resident memory of a process in bytes; 0 if it is not known (only Linux tells). */
export async function memoryOf(pid: number | undefined): Promise<number> {
  if (pid === undefined || process.platform !== 'linux') return 0
  try {
    const [, resident] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
    return Number(resident) * PAGE_BYTES
  } catch {
    return 0
  }
}
