import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { freeMemoryOf } from './machine.ts'
import type { Machine } from './machine.ts'
import { readRegularFile } from './regular-file.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this program as it is now. Nothing else reads it. */
export function readEnvironment(): Environment {
  return { ...process.env }
}

/** The machine as it is now. */
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

/** Docker and Podman each leave a file in a container, and Kubernetes a variable in a pod. */
export function isContainer(env: Environment, exists: (path: string) => boolean): boolean {
  return (
    exists('/.dockerenv') || exists('/run/.containerenv') || Boolean(env['KUBERNETES_SERVICE_HOST'])
  )
}

/**
 * The text of a file (UTF-8), a relative path taken from the working directory; undefined where
 * there is none.
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

/** Bytes that a file of keys may have. */
const LARGEST_KEY_FILE = 1024 * 1024

/** The text of a file of keys, as `keyRing` wants it. */
export function readKeyFile(path: string): Promise<string | undefined> {
  return readRegularFile(path, LARGEST_KEY_FILE)
}

/** ENOTDIR: a file stands in place of the folder. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))
  )
}
