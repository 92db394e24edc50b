/**
 * Raises the pin of the Agent SDK and asks the new runtime what it does: `npm run upgrade-sdk`
 * takes the newest version, `npm run upgrade-sdk -- 0.3.330` that one. More arguments go to vitest,
 * such as the path of the tests to run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { failuresOf, renderFailures } from './test-report.ts'

const SDK = '@anthropic-ai/claude-agent-sdk'

const [given, ...filters] = process.argv.slice(2)
const before = pinnedVersion()
const version = given ?? newestVersion()
if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
  throw new Error(`${version}: a version is wanted, such as ${before}`)
}

say(`${SDK}: ${before} → ${version}`)
// The lock file names no registry, so that everyone may use their own.
run('npm', [
  'install',
  '--save-exact',
  '--omit-lockfile-registry-resolved',
  '--no-audit',
  '--no-fund',
  `${SDK}@${version}`,
])
if (pinnedVersion() !== version) throw new Error('package.json did not take the version')
run('npx', ['tsc'])

const folder = mkdtempSync(join(tmpdir(), 'upgrade-sdk-'))
try {
  const file = join(folder, 'report.json')
  const tests = filters.length === 0 ? ['test/contract'] : filters
  spawnSync(
    'npx',
    ['vitest', 'run', ...tests, '--reporter=default', '--reporter=json', `--outputFile=${file}`],
    { stdio: 'inherit' },
  )
  const failures = failuresOf(JSON.parse(readFileSync(file, 'utf8')), process.cwd())
  if (failures.length === 0) {
    say(
      `\nWith ${version} the runtime does what was measured. Commit package.json and the lock file.`,
    )
  } else {
    say(`\nWith ${version} the runtime does otherwise than was measured:\n`)
    say(renderFailures(failures))
    say(`\ndocs/upgrading.md says how to go on. Back: npm run upgrade-sdk -- ${before}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}

function pinnedVersion(): string {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>
  }
  return dependencies[SDK] ?? ''
}

function newestVersion(): string {
  return execFileSync('npm', ['view', SDK, 'version'], { encoding: 'utf8' }).trim()
}

function run(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: nothing was tested`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
