import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/* Reads the types of the Responses API from OpenAI's library, for the tables of docs/openai.md. */

/** Relative to the project folder, in which npm runs scripts. */
const FILE = join(process.cwd(), 'node_modules/openai/resources/responses/responses.d.ts')

export type OpenaiNames = {
  /** The types of tools. */
  tools: string[]
  /** The types of items, of the input or the output. */
  items: string[]
  /** The types of a stream's events. */
  events: string[]
  /** The fields of a response. */
  response: string[]
}

/** @param source the text of the library's `responses.d.ts` */
export function openaiNames(source: string = readFileSync(FILE, 'utf8')): OpenaiNames {
  const types = source.replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
  const typesIn = (union: string): string[] =>
    membersOf(types, union).flatMap((name) => literalsOf(types, name))
  return {
    tools: sorted(typesIn('Tool')),
    items: sorted([...typesIn('ResponseInputItem'), ...typesIn('ResponseOutputItem')]),
    events: sorted(typesIn('ResponseStreamEvent')),
    response: sorted(fieldsOf(types, 'Response')),
  }
}

function membersOf(types: string, union: string): string[] {
  const [, members] = new RegExp(`^export type ${union} = ([^;]+);`, 'm').exec(types) ?? []
  if (members === undefined) throw new Error(`There is no union ${union} any more.`)
  return members.split('|').map((name) => name.trim())
}

/** The values of the `type` of an interface, `Name` or `Namespace.Name`. */
function literalsOf(types: string, name: string): string[] {
  const { body, base } = interfaceOf(types, name)
  const [, values] = /^\s*type\??: ('[^;]+);/m.exec(body) ?? []
  if (values !== undefined) {
    return [...values.matchAll(/'([^']+)'/g)].map(([, value = '']) => value)
  }
  if (base === undefined) throw new Error(`The interface ${name} has no type.`)
  return literalsOf(types, base)
}

function fieldsOf(types: string, name: string): string[] {
  const { body } = interfaceOf(types, name)
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, field = '']) => field)
}

function interfaceOf(types: string, name: string): { body: string; base: string | undefined } {
  const [, space, inner = name] = /^(\w+)\.(\w+)$/.exec(name) ?? []
  const scope =
    space === undefined
      ? types
      : (new RegExp(`^export declare namespace ${space} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(
          types,
        )?.[1] ?? '')
  const indent = space === undefined ? '' : '    '
  const found = new RegExp(
    `^${indent}(?:export )?interface ${inner}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)^${indent}\\}`,
    'm',
  ).exec(scope)
  if (found === null) throw new Error(`There is no interface ${name} any more.`)
  return { base: found[1], body: found[2] ?? '' }
}

function sorted(names: string[]): string[] {
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b))
}
