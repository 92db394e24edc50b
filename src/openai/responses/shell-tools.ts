import type {
  ResponseApplyPatchToolCall,
  ResponseFunctionShellToolCall,
  ResponseInputItem,
  ResponseOutputItem,
} from 'openai/resources/responses/responses'

import type { ContentBlock, ToolDefinition } from '../../api/types.ts'

/*
 * Tools that clients run and that OpenAI's models know without a description; Claude gets a
 * description here. A call's input has the fields of the action in OpenAI's item.
 */

const integer = { type: 'integer' }
const text = { type: 'string' }
const texts = { type: 'array', items: text }

export const LOCAL_SHELL: ToolDefinition = {
  name: 'local_shell',
  description: "Runs a command on the user's machine and gives back what it wrote.",
  input_schema: {
    type: 'object',
    properties: {
      command: { ...texts, description: 'The program and its arguments.' },
      working_directory: text,
      timeout_ms: integer,
      env: { type: 'object', additionalProperties: text },
    },
    required: ['command'],
  },
}

export const SHELL: ToolDefinition = {
  name: 'shell',
  description:
    "Runs shell commands on the user's machine, each in a shell of its own, and gives back what each wrote and its exit code.",
  input_schema: {
    type: 'object',
    properties: {
      commands: { ...texts, description: 'The lines to run.' },
      timeout_ms: integer,
      max_output_length: { ...integer, description: 'Characters to give back of each command.' },
    },
    required: ['commands'],
  },
}

export const APPLY_PATCH: ToolDefinition = {
  name: 'apply_patch',
  description: [
    'Creates, changes or deletes one file.',
    'For create_file, diff has the whole new file, each line after a "+".',
    'For update_file, diff has the changed places, each after a line "@@" (with the line of the',
    'function or class around it, where that helps): lines that stay begin with a space, lines to',
    'take out with "-", lines to put in with "+". Give three lines around a change, and no line numbers.',
    'delete_file needs no diff.',
  ].join('\n'),
  input_schema: {
    type: 'object',
    properties: {
      type: { type: 'string', enum: ['create_file', 'update_file', 'delete_file'] },
      path: text,
      diff: text,
    },
    required: ['type', 'path'],
  },
}

type Input = { [field: string]: unknown }
type LocalShellCall = ResponseOutputItem.LocalShellCall

/** @param callId of the call */
export function localShellCall(id: string, callId: string, input: Input): LocalShellCall {
  return {
    id,
    type: 'local_shell_call',
    call_id: callId,
    action: {
      type: 'exec',
      command: textsIn(input['command']),
      env: recordIn(input['env']),
      timeout_ms: numberIn(input['timeout_ms']),
      user: null,
      working_directory: textIn(input['working_directory']) ?? null,
    },
    status: 'completed',
  }
}

export function shellCall(id: string, callId: string, input: Input): ResponseFunctionShellToolCall {
  return {
    id,
    type: 'shell_call',
    call_id: callId,
    action: {
      commands: textsIn(input['commands']),
      timeout_ms: numberIn(input['timeout_ms']),
      max_output_length: numberIn(input['max_output_length']),
    },
    environment: { type: 'local' },
    status: 'completed',
  }
}

export function applyPatchCall(
  id: string,
  callId: string,
  input: Input,
): ResponseApplyPatchToolCall {
  const path = textIn(input['path']) ?? ''
  const diff = textIn(input['diff']) ?? ''
  const type = input['type']
  const operation =
    type === 'delete_file'
      ? { type: 'delete_file' as const, path }
      : type === 'create_file'
        ? { type: 'create_file' as const, path, diff }
        : { type: 'update_file' as const, path, diff }
  return { id, type: 'apply_patch_call', call_id: callId, operation, status: 'completed' }
}

/** The input of a call in a history, without empty fields. */
export function inputOfCall(
  item:
    | ResponseInputItem.LocalShellCall
    | ResponseInputItem.ShellCall
    | ResponseInputItem.ApplyPatchCall,
): Input {
  if (item.type === 'apply_patch_call') return present(item.operation)
  if (item.type === 'shell_call') return present(item.action)
  const { type: _, ...action } = item.action
  return present(action)
}

/** The output of commands, as text for the model. */
export function shellOutput(output: ResponseInputItem.ShellCallOutput['output']): ContentBlock[] {
  return output.flatMap(({ stdout, stderr, outcome }) => {
    const end = outcome.type === 'exit' ? `exit code: ${outcome.exit_code}` : 'timed out'
    return [stdout, stderr, end]
      .filter((part) => part !== '')
      .map((part) => ({ type: 'text', text: part }))
  })
}

function present(fields: object): Input {
  const kept = Object.entries(fields).filter(
    ([, value]) => value !== null && value !== undefined && !isEmptyObject(value),
  )
  return Object.fromEntries(kept)
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}

function recordIn(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, String(entry)]))
}
