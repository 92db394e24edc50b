import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { freeMemoryOf } from './machine.ts'
import type { Machine } from './machine.ts'
import { readRegularFile } from './regular-file.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this program. Nothing else reads it. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

/** The present state of the machine. */
export function readMachine(env: Environment): Machine {
  return {
    cores: availableParallelism(),
    freeMemoryBytes: freeMemoryOf({
      platform: process.platform,
      free: freemem(),
      total: totalmem(),
      limit: process.constrainedMemory(),
    }),
    container: isContainer(env, existsSync),
  }
}

/**
 * Docker and Podman create a file in each container, and Kubernetes sets a variable in each pod.
 */
export function isContainer(env: Environment, exists: (path: string) => boolean): boolean {
  return (
    exists('/.dockerenv') || exists('/run/.containerenv') || Boolean(env['KUBERNETES_SERVICE_HOST'])
  )
}

/**
 * The text of a file (UTF-8); undefined if there is no file. A relative path starts at the working
 * directory.
 *
 * @throws the system's error if the file exists but can't be read
 */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Maximum bytes of a file of keys. */
const LARGEST_KEY_FILE = 1024 * 1024

/** The text of a file of keys, for `keyRing`. */
export function readKeyFile(path: string): Promise<string | undefined> {
  return readRegularFile(path, LARGEST_KEY_FILE)
}

/** ENOTDIR: the folder's place is taken by a file. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))
  )
}
