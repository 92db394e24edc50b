import type { NamedModel } from '../../api/model.ts'
import { capabilitiesOf } from './capabilities.ts'
import type { ListedModel } from './listed-model.ts'

/**
 * The models that a request may name, from the runtime's list: first the full names, in the
 * runtime's order, then the short names (`sonnet`, `default`).
 */
export function catalogOf(listed: readonly ListedModel[]): NamedModel[] {
  const named = new Map<string, NamedModel>()
  // If a model has several rows, a row other than `default` has the better name.
  const rows = listed.toSorted((a, b) => Number(isDefault(a)) - Number(isDefault(b)))
  for (const row of listed) {
    const id = idOf(row)
    const best = rows.find((other) => idOf(other) === id) ?? row
    if (!named.has(id)) named.set(id, entry(id, longName(best), row))
  }
  for (const row of listed) {
    const { value, displayName } = row
    if (!named.has(value)) named.set(value, entry(value, displayName, row))
  }
  return [...named.values()]
}

function entry(id: string, displayName: string, row: ListedModel): NamedModel {
  const capabilities = capabilitiesOf(row)
  return { id, displayName, ...(capabilities && { capabilities }) }
}

function idOf({ value, resolvedModel }: ListedModel): string {
  return resolvedModel ?? value
}

function isDefault({ value }: ListedModel): boolean {
  return value === 'default'
}

/** The row named `Opus` has the description `Opus 5.5 · Best for …`. */
function longName({ displayName, description }: ListedModel): string {
  const [name = ''] = description.split(' · ', 1)
  return name.startsWith(`${displayName} `) ? name : displayName
}
