import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import writeFileAtomic from 'write-file-atomic'

import { ConfigError } from '../config/config-error.ts'
import { readKeyFile } from '../config/environment.ts'
import { hashOf, type KeyLimits } from '../config/keys/client-key.ts'
import { keysIn, limitsIn, nameOnLine, nameProblem } from '../config/keys/keys-text.ts'
import { nearest } from '../config/nearest.ts'
import { locked } from '../observe/file-lock.ts'

const VERBS = ['add', 'list', 'remove']

/**
 * Adds keys to the file of keys, removes them, or lists their names. A server sees the change within a
 * second.
 *
 * @param path of the file; undefined if none is configured
 * @param args `add NAME [limits]`, `list` or `remove NAME`
 * @throws ConfigError if the arguments or the file are invalid
 */
export async function keys(path: string | undefined, args: readonly string[]): Promise<void> {
  const [verb = '', name, ...others] = args
  if (!VERBS.includes(verb)) {
    const near = nearest(verb, VERBS)
    const hint = near === undefined ? `use one of ${VERBS.join(', ')}` : `did you mean ${near}?`
    throw new ConfigError(`${['keys', verb].join(' ').trim()}: ${hint}`)
  }
  if (path === undefined) {
    throw new ConfigError(
      `keys ${verb}: the file of keys is missing; write keys = ./keys.txt into config.txt, or add --keys ./keys.txt`,
    )
  }
  if (verb === 'list') return list(path, args.slice(1))
  if (name === undefined) throw new ConfigError(`keys ${verb}: a name is missing`)
  return verb === 'add' ? add(path, name, others) : remove(path, name, others)
}

async function add(path: string, name: string, limits: readonly string[]): Promise<void> {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new ConfigError(`keys add: ${problem}`)
  const read = limitsIn(limits)
  if (typeof read === 'string') throw new ConfigError(`keys add: ${read}`)
  const key = `csp-${randomBytes(32).toString('base64url')}`
  await edit(path, (text) => {
    if (keysIn(text, path).some((known) => known.name === name)) {
      throw new ConfigError(`${path} already has a key named ${name}; remove it first`)
    }
    return `${withLineEnd(text || HEADER)}${[name, '=', hashOf(key), ...limits].join(' ')}\n`
  })
  process.stderr.write(`The key of ${name}. It is shown only now: ${path} has only its hash.\n`)
  process.stdout.write(`${key}\n`)
}

async function remove(path: string, name: string, others: readonly string[]): Promise<void> {
  refuseMore('remove', others)
  await edit(path, (text) => {
    const lines = text.split(/(?<=\n)/)
    const kept = lines.filter((line) => nameOnLine(line.replace(/^\uFEFF/, '')) !== name)
    if (kept.length === lines.length) {
      throw new ConfigError(`${path} has no key named ${name}`)
    }
    // An empty file could be a file that is being replaced.
    return kept.join('').trim() === '' ? HEADER : kept.join('')
  })
  process.stdout.write(
    `${name} no longer has a key. Its batches wait until they expire, and its files stay: a new key of this name can use them.\n`,
  )
}

async function list(path: string, others: readonly string[]): Promise<void> {
  refuseMore('list', others)
  const all = keysIn((await textOf(path)) ?? '', path)
  const lines = all.map(({ name, text, limits }) =>
    [
      name,
      text === undefined ? 'hash' : 'readable in the file',
      ...Object.entries(limitsShown(limits)).map(([limit, value]) => `${limit}=${value}`),
    ].join('  '),
  )
  process.stdout.write(lines.map((line) => `${line}\n`).join('') || `There is no key in ${path}.\n`)
}

function refuseMore(verb: string, others: readonly string[]): void {
  if (others.length === 0) return
  throw new ConfigError(`keys ${verb}: unexpected argument ${others.join(' ')}; see keys --help`)
}

function limitsShown({ requestsPerMinute, tokensPerDay, models }: KeyLimits) {
  return {
    ...(requestsPerMinute && { requests_per_minute: requestsPerMinute }),
    ...(tokensPerDay && { tokens_per_day: tokensPerDay }),
    ...(models && { models: models.join(',') }),
  }
}

const HEADER =
  '# Keys of clients: name = key, or a hash of it, and limits. Made by claude-sub-proxy keys add NAME.\n'

/**
 * Replaces the whole file, one command at a time. Only the user can read a new file; an existing
 * file keeps its owner and mode.
 */
async function edit(path: string, change: (text: string) => string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await locked(`${path}.locked`, async () => {
      const text = await textOf(path)
      const changed = change(text ?? '')
      keysIn(changed, path)
      await writeFileAtomic(path, changed, text === undefined ? { mode: 0o600 } : {})
    })
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new ConfigError(`${path}: the keys can't be changed (${code ?? message})`, {
      cause: error,
    })
  }
}

/** @returns undefined if there is no file yet */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readKeyFile(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new ConfigError(`${path}: the keys can't be read (${code ?? message})`, { cause: error })
  }
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
