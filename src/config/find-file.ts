import { ConfigError } from './config-error.ts'
import { parseConfigText } from './file.ts'
import type { ConfigText } from './file.ts'

/** The names of the file in the working directory, in the order of the search. */
const USUAL_PLACES = ['config.txt', 'src/config.txt']

/** Returns the text of a file, or undefined if there is no file. Throws any other error. */
export type ReadFile = (path: string) => string | undefined

export type ConfigFile = ConfigText & { readonly path: string }

/**
 * Finds and reads the configuration file: the named one, which must exist, or else the first usual
 * one that exists.
 *
 * @param named the path, and the flag or variable that named it
 * @throws ConfigError if the file is missing or can't be read
 */
export function findConfigFile(
  named: { path: string; source: string } | undefined,
  readFile: ReadFile,
): ConfigFile | undefined {
  for (const path of named === undefined ? USUAL_PLACES : [named.path]) {
    const text = readOrExplain(path, readFile)
    if (text !== undefined) return { path, ...parseConfigText(text, path) }
  }
  if (named === undefined) return undefined
  throw new ConfigError(`${named.source}: there is no file ${JSON.stringify(named.path)}`)
}

function readOrExplain(path: string, readFile: ReadFile): string | undefined {
  try {
    return readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${path}: the file can't be read: ${reason}`, { cause: error })
  }
}
