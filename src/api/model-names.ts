import { familyOf } from './model-family.ts'

/** An alias of a model. `*` in it matches any text. */
export type ModelAlias = { readonly name: string; readonly model: string }

export type ModelNames = {
  /** The first match counts, but names without `*` come before all patterns. */
  aliases: readonly ModelAlias[]
  /**
   * The full name of a model of the login, from its full or short name; undefined if the login does
   * not have it.
   */
  listedId: (name: string) => string | undefined
}

/**
 * Translates a client's name of a model into the runtime's name.
 *
 * - An alias stands for its model.
 * - Spellings of routers, such as `anthropic/claude-sonnet-4.5:beta`, become `claude-sonnet-4-5`.
 * - A name that the API does not know (`claude-sonnet-latest`, `claude-3-5-sonnet-latest`,
 *   `claude-3-5-sonnet`) becomes the login's model of that family.
 *
 * Every other name stays unchanged, and the API judges it.
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

/** Whether a name matches a pattern, in which `*` stands for any text. */
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

/** Claude's own name within a router's; undefined if the router's names no Claude model. */
function withoutProvider(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1)
  if (!/^claude-/i.test(last)) return undefined
  const plain = last
    .toLowerCase()
    .replace(/:[a-z-]+$/, '')
    .replace(/(\d)\.(\d)/g, '$1-$2')
  // For models whose names end with the version, OpenRouter also has spellings with the version
  // first: claude-4-5-sonnet.
  return plain.replace(/^claude-([4-9]-\d{1,2}|[4-9])-([a-z]+)/, 'claude-$2-$1')
}

/** Whether a name lacks both a date and a version that the API knows without a date. */
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
