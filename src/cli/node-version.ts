/** The oldest Node.js that the program runs on: `engines` of package.json, which a test compares. */
export const OLDEST_NODE = '20.19'

/**
 * The message if this Node.js is too old; undefined if it is not. This file imports nothing,
 * so that an old Node.js can still read it.
 *
 * @param version as `process.versions.node` has it
 */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return `Node.js ${version} is too old: install ${OLDEST_NODE} or newer (https://nodejs.org)`
}
