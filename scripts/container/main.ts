/**
 * Builds the image of the Dockerfile and runs it: `npm run container-check`. Without a registry of
 * images, it makes the base image itself. Images are stored in a separate folder, which is deleted
 * at the end. The network of the containers has only loopback.
 *
 * `npm run container-check -- --keep FOLDER` keeps the store there, so that the next run can reuse
 * the base image.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { makeBaseImage } from './base-image.ts'
import { checkImage } from './checks.ts'
import { type Store, storeIn } from './store.ts'
import { missingTools } from './tools.ts'

const IMAGE = 'localhost/claude-sub-proxy:check'

const [phase, given] = process.argv.slice(2)
if (phase === 'build' && given !== undefined) await build(storeIn(given))
else if (phase === 'run' && given !== undefined) await run(storeIn(given))
else await runPhases(phase === '--keep' ? given : undefined)

/**
 * Each phase has its own mounts, which disappear when it ends; the last phase has its own network.
 */
async function runPhases(keptFolder: string | undefined): Promise<void> {
  const { platform, getuid } = process
  const problem = await missingTools({ platform, isRoot: getuid?.() === 0 })
  if (problem !== undefined) {
    process.stderr.write(`container-check: ${problem}\n`)
    process.exitCode = 1
    return
  }
  const folder = keptFolder ?? mkdtempSync(join(tmpdir(), 'container-check-'))
  mkdirSync(folder, { recursive: true })
  try {
    await inNamespaces(['--mount'], 'build', folder)
    await inNamespaces(['--mount', '--net'], 'run', folder)
  } finally {
    if (keptFolder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function inNamespaces(kinds: string[], name: string, folder: string): Promise<void> {
  const command = [process.execPath, process.argv[1] ?? '', name, folder]
  const child = spawn('unshare', [...kinds, '--', ...command], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`container-check: ${name} failed`)
}

async function build(store: Store): Promise<void> {
  const [, base = ''] = /^FROM (\S+)/m.exec(readFileSync('Dockerfile', 'utf8')) ?? []
  const images = await store.podman('images', '--format', '{{.Repository}}:{{.Tag}}')
  if (!images.split('\n').includes(`docker.io/library/${base}`)) {
    const workFolder = mkdtempSync(join(tmpdir(), 'base-image-'))
    try {
      await timed(`base image ${base} made here`, () => makeBaseImage(base, workFolder, store))
    } finally {
      rmSync(workFolder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  const options = ['--isolation', 'chroot', '--network', 'host', '--pull-never']
  await timed('Dockerfile built', () =>
    store.buildah('bud', ...options, '--format', 'docker', '--tag', IMAGE, '.'),
  )
  const size = Number(await store.podman('inspect', '--format', '{{.Size}}', IMAGE))
  const baseSize = Number(await store.podman('inspect', '--format', '{{.Size}}', base))
  tell(`the image has ${megabytes(size)} MB, ${megabytes(size - baseSize)} MB of them on its base`)
}

async function run(store: Store): Promise<void> {
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  await checkImage(IMAGE, store, tell)
  process.stdout.write('The image works.\n')
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const since = performance.now()
  await work()
  tell(`${what} (${Math.round((performance.now() - since) / 1000)} s)`)
}

function tell(line: string): void {
  process.stdout.write(`ok   ${line}\n`)
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
