import { execFile } from 'node:child_process'
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Store } from './store.ts'
import { output } from './tools.ts'

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Makes an image like the official one of Node.js, only from Debian's packages and npm's registry,
 * for machines without access to a registry of images.
 *
 * @param name the name that the Dockerfile has, `node:24-bookworm-slim`
 * @param folder a folder for files; it may be deleted afterwards
 */
export async function makeBaseImage(name: string, folder: string, store: Store): Promise<void> {
  const [, major = '', release = ''] = /^node:(\d+)-(\w+)-slim$/.exec(name) ?? []
  if (release === '') throw new Error(`${name}: not a name such as node:24-bookworm-slim`)
  const root = join(folder, 'root')
  await output('debootstrap', '--variant=minbase', '--include=ca-certificates', release, root)
  const { arch } = process
  await unpack(`node-linux-${arch}@${major}`, folder)
  await cp(join(folder, `node-linux-${arch}`, 'bin/node'), join(root, 'usr/local/bin/node'))
  await unpack('npm@11', folder)
  const modules = join(root, 'usr/local/lib/node_modules')
  await cp(join(folder, 'npm'), join(modules, 'npm'), { recursive: true })
  for (const command of ['npm', 'npx']) {
    const script = `../lib/node_modules/npm/bin/${command}-cli.js`
    await symlink(script, join(root, 'usr/local/bin', command))
  }
  // The build uses the same npm registry as this machine, and trusts the same certificate
  // authorities.
  await cp(CERTIFICATES, join(root, CERTIFICATES))
  await mkdir(join(root, 'usr/local/etc'), { recursive: true })
  const registry = await output('npm', 'config', 'get', 'registry')
  await writeFile(
    join(root, 'usr/local/etc/npmrc'),
    `registry=${registry}\ncafile=${CERTIFICATES}\n`,
  )
  await output('chroot', root, 'groupadd', '--gid', '1000', 'node')
  await output('chroot', root, 'useradd', '--uid', '1000', '--gid', 'node', '-m', 'node')
  const archive = join(folder, 'root.tar')
  await output('tar', '-C', root, '-cf', archive, '.')
  await store.podman('import', '--quiet', archive, `docker.io/library/${name}`)
  await rm(archive)
}

/** Downloads a package of npm's registry and unpacks it into a folder of its name. */
async function unpack(specifier: string, folder: string): Promise<void> {
  const options = { cwd: folder }
  const { stdout } = await promisify(execFile)('npm', ['pack', '--silent', specifier], options)
  const target = join(folder, specifier.slice(0, specifier.indexOf('@')))
  await mkdir(target)
  await output('tar', '-xzf', join(folder, stdout.trim()), '-C', target, '--strip-components=1')
}
