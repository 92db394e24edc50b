import type { ModelAlias } from '../api/model-names.ts'
import type { ValueType } from './value-type.ts'

/** Aliases of models: `name = model`, separated by commas. `*` matches any text. */
export const modelAliases: ValueType<readonly ModelAlias[]> = {
  placeholder: 'aliases',
  allowed:
    'name = model, separated by commas, such as gpt-4o = claude-sonnet-5-5, gpt-* = haiku (each name once, * only in names)',
  allowedValue:
    'a list such as [{ name: "gpt-4o", model: "claude-sonnet-5-5" }] (each name once, no spaces, * only in names)',
  parse(text) {
    const read = text.split(',').map((part) => {
      const [name = '', model = '', ...others] = part.split('=').map((side) => side.trim())
      return others.length > 0 ? { name: '', model: '' } : { name, model }
    })
    return isAliasList(read) ? read : undefined
  },
  accepts: (value) => Array.isArray(value) && isAliasList(value),
}

function isAliasList(list: readonly unknown[]): boolean {
  if (!list.every(isAlias)) return false
  return new Set(list.map(({ name }) => name)).size === list.length
}

/** A file could not express a comma. */
const NAME = /^[^\s\p{Cc},=]+$/u

function isAlias(value: unknown): value is ModelAlias {
  if (typeof value !== 'object' || value === null) return false
  const { name, model } = value as Partial<Record<string, unknown>>
  return isName(name) && isName(model) && !model.includes('*')
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value)
}
