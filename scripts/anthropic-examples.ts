import type { Declarations, Field, Type } from './anthropic-types.ts'

/*
 * Makes values of the types of `@anthropic-ai/sdk`, each with all fields, including optional ones,
 * so that a comparison of sent and received values covers them.
 */

type Value = unknown
type Fields = Record<string, Value>

/** Fields whose values the runtime interprets; any string or number would not do. */
const SENSIBLE: Record<string, Value> = {
  data: '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
  url: 'https://example.com/made-up',
  input_schema: { type: 'object', properties: { place: { type: 'string' } } },
  input: { place: 'Chios' },
}

/** Cache marks have rules for the whole request. */
const LEFT_OUT = new Set(['cache_control'])

/** Deep enough to reach each kind of value; recursive types end here. */
const MOST_DEPTH = 7

export class Examples {
  readonly #types: Declarations

  constructor(types: Declarations) {
    this.#types = types
  }

  /** The members of a union, each as an object with all its fields. */
  membersOf(name: string): Fields[] {
    return this.#objectsIn({ kind: 'name', name })
  }

  /** The values of a union of texts. */
  valuesOf(name: string): string[] {
    return this.#membersIn({ kind: 'name', name }).flatMap((type) =>
      type.kind === 'literal' ? [String(type.value)] : [],
    )
  }

  /** The fields of an object type. */
  fieldsOf(name: string): Field[] {
    const type = this.#types.get(name)
    if (type?.kind !== 'object') throw new Error(`The SDK has no type ${name} any more.`)
    return type.fields
  }

  /** A value of each kind that a type allows; for a list, one with each kind of member. */
  alternativesOf(type: Type): Value[] {
    const alternatives = this.#membersIn(type).flatMap((member) =>
      member.kind === 'list'
        ? this.#membersIn(member.of).map((inside) => [this.valueOf(inside)])
        : [this.valueOf(member)],
    )
    return alternatives.filter((value) => value !== null)
  }

  /** A value of a type. */
  valueOf(type: Type, name = '', depth = 0): Value {
    switch (type.kind) {
      case 'literal':
        return type.value
      case 'list':
        return [this.valueOf(type.of, name, depth + 1)]
      case 'map':
        return { made_up: this.valueOf(type.of, 'made_up', depth + 1) }
      case 'object':
        return this.#object(type.fields, depth)
      case 'union':
        return this.valueOf(this.#bestOf(type.members), name, depth)
      case 'name':
        return this.#named(type.name, name, depth)
      default:
        throw new Error(`Unknown type ${String(type satisfies never)}.`)
    }
  }

  #named(type: string, name: string, depth: number): Value {
    switch (type) {
      case 'string':
        return SENSIBLE[name] ?? `${name || 'text'}_made_up`
      case 'number':
        return 1
      case 'boolean':
        return true
      case 'null':
        return null
      case 'unknown':
      case 'any':
        return SENSIBLE[name] ?? {}
      default: {
        const declared = this.#types.get(type.replace(/^\w+API\./, ''))
        if (declared === undefined) throw new Error(`The SDK has no type ${type} any more.`)
        return this.valueOf(declared, name, depth)
      }
    }
  }

  #object(fields: readonly Field[], depth: number): Fields {
    const kept = fields.filter(
      ({ name, isOptional }) => !LEFT_OUT.has(name) && !(isOptional && depth >= MOST_DEPTH),
    )
    return Object.fromEntries(
      kept.map(({ name, type }) => {
        const isTaken = name in SENSIBLE && (type.kind === 'object' || type.kind === 'map')
        return [name, isTaken ? SENSIBLE[name] : this.valueOf(type, name, depth + 1)]
      }),
    )
  }

  /** The most specific kind: an object rather than a text, anything rather than nothing. */
  #bestOf(members: readonly Type[]): Type {
    const ranked = members.toSorted((one, other) => this.#rank(one) - this.#rank(other))
    const [best] = ranked
    if (best === undefined) throw new Error('A union has no members.')
    return best
  }

  #rank(type: Type): number {
    if (type.kind === 'name' && type.name === 'null') return 2
    return type.kind === 'name' && ['string', 'number', 'boolean'].includes(type.name) ? 1 : 0
  }

  #objectsIn(type: Type): Fields[] {
    return this.#membersIn(type).map((member) => this.valueOf(member) as Fields)
  }

  /** The members of a union, including those of nested unions. */
  #membersIn(type: Type): Type[] {
    if (type.kind === 'union') return type.members.flatMap((member) => this.#membersIn(member))
    if (type.kind !== 'name') return [type]
    const declared = this.#types.get(type.name)
    return declared?.kind === 'union' ? this.#membersIn(declared) : [declared ?? type]
  }
}
