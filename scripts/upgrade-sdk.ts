/**
 * Upgrades the pinned version of the Agent SDK and tests the behaviour of the new runtime: `npm run
 * upgrade-sdk` takes the newest version, `npm run upgrade-sdk -- 0.3.330` this version. Further
 * arguments go to vitest, such as the path of the tests to run. `--summary FILE` writes the result
 * into a file as well.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { npm } from './npm.ts'
import { failuresOf, renderFailures } from './test-report.ts'

const SDK = '@anthropic-ai/claude-agent-sdk'

/** On Windows, npm and npx are batch files, which only a shell can run. */
const IS_WINDOWS = process.platform === 'win32'

const { values, positionals } = parseArgs({
  options: { summary: { type: 'string' } },
  allowPositionals: true,
})
const [given, ...filters] = positionals
const before = pinnedVersion()
const version = given ?? newestVersion()
if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
  throw new Error(`${version}: not a version such as ${before}`)
}

say(`${SDK}: ${before} → ${version}`)
// The lock file names no registry, so that everyone can use their own.
run('npm', [
  'install',
  '--save-exact',
  '--omit-lockfile-registry-resolved',
  '--no-audit',
  '--no-fund',
  `${SDK}@${version}`,
])
if (pinnedVersion() !== version) throw new Error('package.json does not have the new version')
run('npx', ['tsc'])

const folder = mkdtempSync(join(tmpdir(), 'upgrade-sdk-'))
try {
  const file = join(folder, 'report.json')
  const tests = filters.length === 0 ? ['test/contract'] : filters
  spawnSync(
    'npx',
    ['vitest', 'run', ...tests, '--reporter=default', '--reporter=json', `--outputFile=${file}`],
    { stdio: 'inherit', shell: IS_WINDOWS },
  )
  const failures = failuresOf(JSON.parse(readFileSync(file, 'utf8')), process.cwd())
  const lines =
    failures.length === 0
      ? [`The runtime of ${version} behaves as measured. Commit package.json and the lock file.`]
      : [
          `The runtime of ${version} does not behave as measured:\n`,
          renderFailures(failures),
          `\ndocs/upgrading.md describes the next steps. To go back: npm run upgrade-sdk -- ${before}`,
        ]
  say(`\n${lines.join('\n')}`)
  if (values.summary !== undefined) {
    writeFileSync(values.summary, `${SDK}: ${before} → ${version}\n\n${lines.join('\n')}\n`)
  }
  if (failures.length > 0) process.exitCode = 1
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
  return npm('view', SDK, 'version').trim()
}

function run(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: IS_WINDOWS })
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: nothing was tested`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
