import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { output } from './tools.ts'

/** The images and containers of one check, separate from those of the machine. */
export type Store = {
  podman: (...args: string[]) => Promise<string>
  buildah: (...args: string[]) => Promise<string>
  /** The output of a container on both streams. */
  logs: (container: string) => Promise<string>
}

/** @param folder for all of its files */
export function storeIn(folder: string): Store {
  const places = ['--root', join(folder, 'images'), '--runroot', join(folder, 'run')]
  return {
    podman: (...args) => output('podman', ...places, '--runtime', 'runc', ...args),
    buildah: (...args) => output('buildah', ...places, ...args),
    logs: async (container) => {
      const written = await promisify(execFile)('podman', [...places, 'logs', container])
      return `${written.stdout}${written.stderr}`
    },
  }
}
