/**
 * Checks whether the package can be published: its files, size and licences, and whether each way
 * to import it finds code and types.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'

import { npm } from './npm.ts'
import {
  complaintsAboutFiles,
  complaintsAboutLicenses,
  dependenciesOf,
  isRuntime,
} from './package-rules.ts'

const MEGABYTE = 1e6
/** 29 MB of the dependencies are an embedded database, with binaries for eight systems. */
const LIMITS = { package: 2.2 * MEGABYTE, dependencies: 90 * MEGABYTE }

type Packed = { filename: string; size: number; unpackedSize: number; files: { path: string }[] }

const folder = mkdtempSync(join(tmpdir(), 'release-check-'))
const [packed] = JSON.parse(
  npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder),
) as [Packed]
const tarball = readFileSync(join(folder, packed.filename))
rmSync(folder, { recursive: true })
const dependencies = dependenciesOf(parsed('package-lock.json'), (path) =>
  parsed(join(path, 'package.json')),
)
const shared = dependencies.filter(({ path }) => !isRuntime(path))
const dependenciesSize = sum(shared.map(({ path }) => sizeOf(path)))

const complaints = [
  ...complaintsAboutFiles(packed.files.map(({ path }) => path)),
  ...complaintsAboutLicenses(dependencies),
  ...complaintAboutSize('the package', packed.unpackedSize, LIMITS.package),
  ...complaintAboutSize('its dependencies', dependenciesSize, LIMITS.dependencies),
  ...(await complaintsAboutTypes(tarball)),
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

function parsed(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function complaintAboutSize(what: string, size: number, limit: number): string[] {
  if (size <= limit) return []
  return [`${what}: ${inMegabytes(size)}, where ${inMegabytes(limit)} are allowed`]
}

/** The errors of TypeScript, in all ways in which programs import the package. */
async function complaintsAboutTypes(bytes: Uint8Array): Promise<string[]> {
  const checked = await checkPackage(createPackageFromTarballData(bytes))
  if (checked.types === false) return ['the package has no types']
  return checked.problems.map((problem) => {
    const where = 'resolutionKind' in problem ? ` (${problem.resolutionKind})` : ''
    return `types: ${problem.kind}${where}`
  })
}

/** The bytes of a package's own files. A package for another system is not installed. */
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
