import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { runtimeExecutable } from '../../src/inspect.ts'
import type { Installed, Source } from './client-program.ts'

const run = promisify(execFile)

/** The version of Node.js for clients that need a newer one than the current. */
const NODE_FOR_CLIENTS = 24

/**
 * Installs a client from the npm registry. Scripts of packages are switched off, so that nothing is
 * downloaded from other places.
 *
 * @param folder is created
 * @throws Error with npm's reason if it can't be installed
 */
export async function install(source: Source, folder: string): Promise<Installed> {
  if (source.kind === 'agent-sdk') {
    const path = runtimeExecutable(undefined)
    if (path === undefined) throw new Error('The Agent SDK has no executable for this system.')
    const { stdout } = await run(path, ['--version'], { env: { HOME: folder } })
    return { version: stdout.split(' ')[0] ?? '', command: [path] }
  }
  mkdirSync(folder, { recursive: true })
  const { note } = await installPackage(source, folder)
  const file = join(folder, 'node_modules', source.file)
  if (!existsSync(file)) throw new Error(`${source.package} has no ${source.file} here.`)
  const manifest = join(folder, 'node_modules', source.package, 'package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const command = source.node === undefined ? [file] : [await nodeFor(source.node, folder), file]
  return { version, command, ...(note !== undefined && { note }) }
}

async function installPackage(
  { package: name, fallback }: Extract<Source, { kind: 'npm' }>,
  folder: string,
): Promise<{ note?: string }> {
  try {
    await npmInstall(`${name}@latest`, folder)
    return {}
  } catch (error) {
    if (fallback === undefined) throw error
    await npmInstall(`${name}@${fallback}`, folder)
    const newest = await run('npm', ['view', name, 'version']).then(({ stdout }) => stdout.trim())
    return { note: `${newest}, the newest, could not be installed: ${(error as Error).message}` }
  }
}

async function npmInstall(what: string, folder: string): Promise<void> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const args = ['install', '--prefix', folder, ...flags, what]
  await run('npm', args).catch((error: { stderr?: string }) => {
    throw new Error(reasonIn(error.stderr ?? ''))
  })
}

/** npm's error in a few words. */
export function reasonIn(complaint: string): string {
  const missing = /resource '([^']+)' could not be found/.exec(complaint)?.[1]
  if (missing !== undefined) return `the registry has no ${missing}`
  const [, line = 'npm failed'] = /^npm (?:error|ERR!) (?!code)(.+)$/m.exec(complaint) ?? []
  return line
}

/** The current Node.js if it is new enough, or else one from the registry. */
async function nodeFor(major: number, folder: string): Promise<string> {
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath
  const name = `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`
  await npmInstall(`${name}@${NODE_FOR_CLIENTS}`, folder)
  return join(folder, 'node_modules', name, 'bin', 'node')
}
