import { familyOf } from './model-family.ts'

/** A name that stands for a model. `*` in it matches any text. */
export type ModelAlias = { readonly name: string; readonly model: string }

export type ModelNames = {
  /** The first that matches counts, but a name without `*` comes before all patterns. */
  aliases: readonly ModelAlias[]
  /** The full name of a model that the login has, by that name or a short one; else undefined. */
  listedId: (name: string) => string | undefined
}

/**
 * The name under which the runtime knows the model that a client means.
 *
 * - An alias stands for its model.
 * - `anthropic/claude-sonnet-4.5:beta` and its like, as routers of several makers spell them, become
 *   `claude-sonnet-4-5`.
 * - A name that no version goes by at the API (`claude-sonnet-latest`, `claude-3-5-sonnet-latest`,
 *   `claude-3-5-sonnet`) becomes the model that the login has of that family.
 *
 * Every other name stays as it is, for the API to judge.
 */
export function resolveModel(asked: string, { aliases, listedId }: ModelNames): string {
  const name = aliasOf(asked, aliases)?.model ?? asked
  if (listedId(name) !== undefined) return name
  const own = withoutProvider(name)
  if (own === undefined) return name
  if (listedId(own) !== undefined) return own
  return (isFamilyAlone(own) ? listedOf(own, listedId) : undefined) ?? own
}

export function aliasOf(name: string, aliases: readonly ModelAlias[]): ModelAlias | undefined {
  return (
    aliases.find((alias) => alias.name === name) ??
    aliases.find((alias) => isPattern(alias) && matchesPattern(name, alias.name))
  )
}

export function isPattern({ name }: ModelAlias): boolean {
  return name.includes('*')
}

/** Whether a name fits a pattern, in which `*` stands for any text. */
export function matchesPattern(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return name === pattern
  if (!name.startsWith(first)) return false
  const last = others.pop() ?? ''
  let position = first.length
  for (const part of others) {
    const found = name.indexOf(part, position)
    if (found === -1) return false
    position = found + part.length
  }
  return name.length - last.length >= position && name.endsWith(last)
}

/** Claude's own name in one of a router's; undefined if it names no Claude. */
function withoutProvider(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1)
  if (!/^claude-/i.test(last)) return undefined
  const plain = last
    .toLowerCase()
    .replace(/:[a-z-]+$/, '')
    .replace(/(\d)\.(\d)/g, '$1-$2')
  // OpenRouter also has the version first for models whose names end with it: claude-4-5-sonnet.
  return plain.replace(/^claude-([4-9]-\d{1,2}|[4-9])-([a-z]+)/, 'claude-$2-$1')
}

/** Whether a name has no date, and no version that the API would know without one. */
function isFamilyAlone(name: string): boolean {
  return (
    /^claude-.+-latest$/.test(name) ||
    /^claude-[a-z]+$/.test(name) ||
    /^claude-3(?:-\d)?-[a-z]+$/.test(name)
  )
}

function listedOf(name: string, listedId: ModelNames['listedId']): string | undefined {
  const family = /^claude-(?:\d+-)*([a-z]+)/.exec(name)?.[1]
  if (family === undefined) return undefined
  // A plan's default model may have no short name of its own.
  return [family, 'default']
    .map(listedId)
    .find((id) => id !== undefined && familyOf(id)?.family === family)
}
