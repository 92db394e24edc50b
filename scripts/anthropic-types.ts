import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * Reads the types of the Messages API from the declarations of the installed `@anthropic-ai/sdk`.
 * They are generated, so their style is uniform.
 */

export type Type =
  | { kind: 'literal'; value: string | number }
  /** The name of another type, or `string`, `number`, `boolean`, `null`, `unknown`. */
  | { kind: 'name'; name: string }
  | { kind: 'list'; of: Type }
  | { kind: 'union'; members: Type[] }
  | { kind: 'object'; fields: Field[] }
  /** An object with any names. */
  | { kind: 'map'; of: Type }

export type Field = { name: string; type: Type; isOptional: boolean }

export type Declarations = ReadonlyMap<string, Type>

const FILES = ['beta/messages/messages.d.ts', 'beta/beta.d.ts', 'messages/messages.d.ts']

/** The types of beta messages, and those of plain messages for names without a beta type. */
export function anthropicTypes(): Declarations {
  const folder = join(process.cwd(), 'node_modules/@anthropic-ai/sdk/resources')
  const declared = FILES.map((file) => declarationsIn(readFileSync(join(folder, file), 'utf8')))
  return new Map(declared.toReversed().flatMap((types) => [...types]))
}

/** The interfaces and aliases of a file; those inside a namespace by `Namespace.Name`. */
export function declarationsIn(source: string): Declarations {
  return new Reader(tokensOf(source)).declarations()
}

function tokensOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
  return code.match(/'(?:[^'\\]|\\.)*'|"[^"]*"|[\w$.]+|[^\s\w]/g) ?? []
}

class Reader {
  readonly #tokens: readonly string[]
  /** The extended interfaces, by the name of an interface. */
  readonly #bases = new Map<string, Type>()
  #position = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  /** Those of the file, with their inherited fields. */
  declarations(): Declarations {
    const found = this.#declared('')
    for (const [name, base] of this.#bases) {
      const own = found.get(name)
      if (own) found.set(name, joined(own, base, found))
    }
    return found
  }

  #declared(prefix: string): Map<string, Type> {
    const found = new Map<string, Type>()
    while (this.#next !== undefined && this.#next !== '}') {
      const word = this.#take()
      if (word === 'interface') {
        const name = this.#take()
        if (this.#takeIf('extends')) this.#bases.set(`${prefix}${name}`, this.#union())
        found.set(`${prefix}${name}`, this.#object())
      } else if (word === 'type' && this.#tokens[this.#position + 1] === '=') {
        const name = this.#take()
        this.#position += 1
        found.set(`${prefix}${name}`, this.#union())
      } else if (word === 'namespace') {
        const name = this.#take()
        this.#position += 1
        for (const [inner, type] of this.#declared(`${prefix}${name}.`)) found.set(inner, type)
        this.#position += 1
      } else if (word === '{') this.#skipBlock()
    }
    return found
  }

  get #next(): string | undefined {
    return this.#tokens[this.#position]
  }

  #take(): string {
    const token = this.#next
    if (token === undefined) throw new Error('The declarations end in the middle of a type.')
    this.#position += 1
    return token
  }

  #takeIf(token: string): boolean {
    if (this.#next !== token) return false
    this.#position += 1
    return true
  }

  #skipBlock(): void {
    for (let depth = 1; depth > 0;) {
      const token = this.#take()
      if (token === '{') depth += 1
      if (token === '}') depth -= 1
    }
  }

  #union(): Type {
    this.#takeIf('|')
    const members = [this.#intersection()]
    while (this.#takeIf('|')) members.push(this.#intersection())
    const [only] = members
    return members.length === 1 && only ? only : { kind: 'union', members }
  }

  /** An intersection only helps editors (`string & {}`), so its first part counts. */
  #intersection(): Type {
    const type = this.#single()
    while (this.#takeIf('&')) this.#single()
    return type
  }

  #single(): Type {
    let type = this.#primary()
    while (this.#takeIf('[')) {
      type = this.#next === ']' ? { kind: 'list', of: type } : UNKNOWN
      while (this.#take() !== ']');
    }
    return type
  }

  #primary(): Type {
    if (this.#next === '{') return this.#object()
    const token = this.#take()
    if (token === '(') {
      const type = this.#union()
      this.#position += 1
      return type
    }
    if (/^['"]/.test(token)) return { kind: 'literal', value: token.slice(1, -1) }
    if (/^\d+$/.test(token)) return { kind: 'literal', value: Number(token) }
    if (!this.#takeIf('<')) return { kind: 'name', name: token }
    const parameters = [this.#union()]
    while (this.#takeIf(',')) parameters.push(this.#union())
    this.#position += 1
    return token === 'Array' && parameters[0] ? { kind: 'list', of: parameters[0] } : UNKNOWN
  }

  #object(): Type {
    this.#position += 1
    const fields: Field[] = []
    let values: Type | undefined
    while (!this.#takeIf('}')) {
      const name = this.#take()
      if (name === '[') {
        while (this.#take() !== ']');
        this.#position += 1
        values = this.#union()
      } else {
        const isOptional = this.#takeIf('?')
        this.#position += 1
        fields.push({ name: name.replaceAll("'", ''), type: this.#union(), isOptional })
      }
      this.#takeIf(';')
    }
    return values ? { kind: 'map', of: values } : { kind: 'object', fields }
  }
}

const UNKNOWN: Type = { kind: 'name', name: 'unknown' }

function joined(own: Type, base: Type, found: ReadonlyMap<string, Type>): Type {
  const inherited = base.kind === 'name' ? found.get(base.name) : base
  if (own.kind !== 'object' || inherited?.kind !== 'object') return own
  const names = new Set(own.fields.map(({ name }) => name))
  return {
    kind: 'object',
    fields: [...inherited.fields.filter(({ name }) => !names.has(name)), ...own.fields],
  }
}
