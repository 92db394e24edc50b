/** Whether the package can be published: what is in it, how big it is, and under which licences. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import {
  complaintsAboutFiles,
  complaintsAboutLicenses,
  dependenciesOf,
  isRuntime,
} from './package-rules.ts'

const MEGABYTE = 1e6
const LIMITS = { package: 2 * MEGABYTE, dependencies: 60 * MEGABYTE }

type Packed = { size: number; unpackedSize: number; files: { path: string }[] }

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
) as [Packed]
const dependencies = dependenciesOf(JSON.parse(readFileSync('package-lock.json', 'utf8')))
const shared = dependencies.filter(({ path }) => !isRuntime(path))
const dependenciesSize = sum(shared.map(({ path }) => sizeOf(path)))

const complaints = [
  ...complaintsAboutFiles(packed.files.map(({ path }) => path)),
  ...complaintsAboutLicenses(dependencies),
  ...complaintAboutSize('the package', packed.unpackedSize, LIMITS.package),
  ...complaintAboutSize('its dependencies', dependenciesSize, LIMITS.dependencies),
]

const licenses = [...new Set(dependencies.map(({ license }) => license))].toSorted()
process.stdout.write(
  [
    `files         ${packed.files.length}`,
    `package       ${inMegabytes(packed.size)}, ${inMegabytes(packed.unpackedSize)} unpacked`,
    `dependencies  ${shared.length}, ${inMegabytes(dependenciesSize)} without the runtime`,
    `licences      ${licenses.join(', ')}`,
    ...complaints.map((complaint) => `wrong         ${complaint}`),
    '',
  ].join('\n'),
)
if (complaints.length > 0) process.exitCode = 1

function complaintAboutSize(what: string, size: number, limit: number): string[] {
  if (size <= limit) return []
  return [`${what}: ${inMegabytes(size)}, where ${inMegabytes(limit)} are allowed`]
}

/** The bytes of a package's own files. One that is not for this system is not installed. */
function sizeOf(path: string): number {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return 0
  const entries = readdirSync(path, { withFileTypes: true })
  return sum(
    entries
      .filter(({ name }) => name !== 'node_modules')
      .map((entry) => {
        const inside = join(path, entry.name)
        return entry.isDirectory() ? sizeOf(inside) : statSync(inside).size
      }),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function inMegabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
