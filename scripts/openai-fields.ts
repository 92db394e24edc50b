import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A table of docs/openai.md (between two comments with its title), and the interfaces whose fields
 * it lists, each with a prefix.
 */
export type FieldTable = { title: string; file: string; types: readonly [string, string][] }

const CHAT = 'chat/completions/completions.d.ts'

export const FIELD_TABLES: readonly FieldTable[] = [
  { title: 'chat fields', file: CHAT, types: [['', 'ChatCompletionCreateParamsBase']] },
  {
    title: 'chat message fields',
    file: CHAT,
    types: [
      ['system.', 'ChatCompletionSystemMessageParam'],
      ['developer.', 'ChatCompletionDeveloperMessageParam'],
      ['user.', 'ChatCompletionUserMessageParam'],
      ['assistant.', 'ChatCompletionAssistantMessageParam'],
      ['tool.', 'ChatCompletionToolMessageParam'],
      ['function.', 'ChatCompletionFunctionMessageParam'],
    ],
  },
  {
    title: 'chat reply fields',
    file: CHAT,
    types: [
      ['', 'ChatCompletion'],
      ['choice.', 'ChatCompletion.Choice'],
      ['message.', 'ChatCompletionMessage'],
      ['chunk.', 'ChatCompletionChunk'],
      ['chunk.choice.', 'ChatCompletionChunk.Choice'],
      ['delta.', 'ChatCompletionChunk.Choice.Delta'],
    ],
  },
  {
    title: 'usage fields',
    file: 'completions.d.ts',
    types: [
      ['', 'CompletionUsage'],
      ['prompt_tokens_details.', 'CompletionUsage.PromptTokensDetails'],
      ['completion_tokens_details.', 'CompletionUsage.CompletionTokensDetails'],
    ],
  },
  {
    title: 'responses fields',
    file: 'responses/responses.d.ts',
    types: [['', 'ResponseCreateParamsBase']],
  },
]

/** The fields that a table must have, in the order of the package. */
export function expectedFields({ file, types }: FieldTable): string[] {
  const text = readFileSync(join('node_modules/openai/resources', file), 'utf8')
  return types.flatMap(([prefix, type]) => fieldsOf(text, type).map((name) => `${prefix}${name}`))
}

/**
 * The names of an interface's fields, from a declaration file.
 *
 * @param path such as `ChatCompletionChunk.Choice` for an interface inside namespaces
 */
export function fieldsOf(text: string, path: string): string[] {
  const names = path.split('.')
  const type = names.pop() ?? ''
  let inside = text
  for (const [depth, name] of names.entries()) inside = blockOf(inside, 'namespace', name, depth)
  const body = blockOf(inside, 'interface', type, names.length)
  const field = new RegExp(`^ {${4 * (names.length + 1)}}(\\w+)\\??:`, 'gm')
  return [...body.matchAll(field)].map(([, name = '']) => name)
}

function blockOf(text: string, kind: string, name: string, depth: number): string {
  const indent = ' '.repeat(4 * depth)
  const block = new RegExp(
    `^${indent}(?:export )?(?:declare )?${kind} ${name} (?:extends [^{]+)?\\{\\n(.*?)\\n${indent}\\}`,
    'ms',
  )
  const found = block.exec(text)?.[1]
  if (found === undefined) throw new Error(`The openai package has no ${kind} ${name}.`)
  return found
}

/** The fields that a table of a document has, in its order. */
export function documentedFields(document: string, title: string): string[] {
  const [, table = ''] =
    new RegExp(`<!-- ${title} -->(.*?)<!-- end of ${title} -->`, 's').exec(document) ?? []
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, field = '']) => field)
}
