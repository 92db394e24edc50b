import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Makes a user's project with the tarball of `npm pack` and all packages of this project, without a
 * registry.
 *
 * @param folder is made
 */
export async function makePackedProject(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  const installed = join(modules, 'claude-sub-proxy')
  mkdirSync(installed, { recursive: true })
  const pack = ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', folder]
  const { stdout } = await run('npm', pack, { cwd: ROOT })
  await run('tar', ['-xzf', join(folder, stdout.trim()), '--strip-components=1', '-C', installed])
  for (const name of packages(join(ROOT, 'node_modules'))) {
    const link = join(modules, name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
}

/** Type-checks the TypeScript of a project with the strictest options, and compiles it to `out`. */
export async function compile(folder: string): Promise<void> {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    rootDir: '.',
    outDir: 'out',
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['**/*.ts'], exclude: ['node_modules', 'out'] }),
  )
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc')
  // The compiler prints its errors to stdout.
  await run(compiler, ['-p', folder]).catch((error: { stdout?: string }) => {
    throw new Error(`It does not compile:\n${error.stdout}`, { cause: error })
  })
}

export function copyExamples(folder: string): void {
  cpSync(join(ROOT, 'examples'), folder, { recursive: true })
}

function packages(modules: string): string[] {
  return readdirSync(modules).flatMap((name) => {
    if (name.startsWith('.')) return []
    if (!name.startsWith('@')) return [name]
    return readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`)
  })
}
