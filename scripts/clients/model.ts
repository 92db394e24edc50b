import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'

import { type Answer, message } from '../../test/support/answers.ts'
import {
  assistantMessage,
  textBlock,
  textMessage,
  thinkingMessage,
  toolUseMessage,
} from '../../test/support/messages.ts'
import type { MessageRequest } from '../../test/support/standin.ts'

/** The file of the task. */
export const FILE = 'notes.txt'

export const TASK = `Write two lines into ${FILE} and tell me what the file says.`

/** The final content of the file. */
export const LINES = ['one', 'two']

/** The commands that the model makes the client run, one after another. */
const COMMANDS = [`printf '%s\\n' ${LINES.join(' ')} > ${FILE}`, `cat ${FILE}`]

/** The beginning of the model's last words; the output of the last command follows. */
export const SAYS = `${FILE} says:`

/** The names of clients' tools that run a command. */
const SHELL = /^(?:bash|shell|exec_command|run_shell_command)$/i

/**
 * Plays a model that thinks, calls the client's own shell tool for each command, and then reports
 * the output of the last one. A request without such a tool, such as one for a title, gets a few
 * words.
 */
export function play({ body }: MessageRequest): Answer {
  const tools = (body.tools ?? []) as Tool[]
  const shell = tools.find(({ name }) => name !== undefined && SHELL.test(name))
  if (shell?.name === undefined) return message(textMessage('A file', { model: body.model }))
  const results = body.messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter(({ type }) => type === 'tool_result'),
  )
  const command = COMMANDS[results.length]
  const said =
    command === undefined
      ? [textBlock(`${SAYS} ${wordsIn(results.at(-1)).join(' ')}`)]
      : [
          ...thinkingMessage(`Step ${results.length + 1} is a command.`, '').content.slice(0, 1),
          ...callOf(shell.name, inputFor(shell, command)),
        ]
  return message(
    assistantMessage(said, {
      model: body.model,
      stop_reason: command === undefined ? 'end_turn' : 'tool_use',
    }),
  )
}

let calls = 0

function callOf(name: string, input: Record<string, unknown>): ContentBlock[] {
  calls += 1
  return toolUseMessage([{ id: `toolu_client_${calls}`, name, input }]).content
}

type Schema = { type?: string; anyOf?: Schema[] }

type Tool = {
  name?: string
  input_schema?: { required?: string[]; properties?: Record<string, Schema> }
}

/** The command, and something for each other field that the tool requires. */
function inputFor({ input_schema: schema }: Tool, command: string): Record<string, unknown> {
  const properties = Object.keys(schema?.properties ?? {})
  const field = properties.find((name) => ['command', 'cmd'].includes(name)) ?? 'command'
  const others = (schema?.required ?? []).filter((name) => name !== field)
  return {
    ...Object.fromEntries(others.map((name) => [name, valueFor(schema?.properties?.[name])])),
    [field]: command,
  }
}

function valueFor(schema: Schema = {}): unknown {
  switch (schema.anyOf?.[0]?.type ?? schema.type) {
    case 'boolean':
      return false
    case 'number':
    case 'integer':
      return 60_000
    default:
      return 'Does the task.'
  }
}

/** The lines of the file that a result contains. */
function wordsIn(result: unknown): string[] {
  const { content } = (result ?? {}) as { content?: string | { text?: string }[] }
  const text =
    typeof content === 'string' ? content : content?.map((part) => part.text ?? '').join('\n')
  return LINES.filter((line) => text?.split(/\W+/).includes(line))
}
