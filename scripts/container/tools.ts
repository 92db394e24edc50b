import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const PACKAGES: Readonly<Record<string, string>> = {
  buildah: 'buildah',
  podman: 'podman',
  runc: 'runc',
  catatonit: 'catatonit',
  debootstrap: 'debootstrap',
  unshare: 'util-linux',
  ip: 'iproute2',
}

/**
 * A sentence about the programs that are missing to build and run the image; undefined if none is
 * missing.
 *
 * @param has whether a program exists
 */
export async function missingTools(
  system: { platform: string; isRoot: boolean },
  has = isFound,
): Promise<string | undefined> {
  if (system.platform !== 'linux') return 'containers are built and run on Linux only'
  if (!system.isRoot) return 'run it as root: it makes a base image and namespaces'
  const names = Object.keys(PACKAGES)
  const found = await Promise.all(names.map(async (name) => has(name)))
  const missing = names.filter((_, index) => found[index] !== true)
  if (missing.length === 0) return undefined
  const packages = missing.map((name) => PACKAGES[name]).join(' ')
  return `${missing.join(', ')}: not found. On Debian: apt-get install --no-install-recommends ${packages}`
}

async function isFound(name: string): Promise<boolean> {
  return promisify(execFile)('sh', ['-c', 'command -v "$0"', name]).then(
    () => true,
    () => false,
  )
}

/** Runs a program to its end, and returns its output. @throws Error with its error output */
export async function output(command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 64e6 })
    return stdout.trim()
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    throw new Error(`${command} ${args.join(' ')}\n${stderr.trim() || message}`, { cause: error })
  }
}
