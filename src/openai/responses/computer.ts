import type {
  ComputerAction,
  ComputerTool,
  ComputerUsePreviewTool,
  ResponseComputerToolCall,
  Tool,
} from 'openai/resources/responses/responses'

import { familyOf } from '../../api/model-family.ts'
import type { ContentBlock, ToolDefinition } from '../../api/types.ts'

/*
 * Sources: https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool, and for the
 * fields of the set of tools the types of the Anthropic SDK.
 */

/** The version of the API's computer tool for a model. */
export type ComputerVersion = {
  type: 'computer_20250124' | 'computer_20251124' | 'computer_toolset_20260801'
  /** The value of `anthropic-beta` that it needs. */
  beta?: string
}

/** One tool, with the size of the screen; each call names its action. */
const FIRST: ComputerVersion = { type: 'computer_20250124', beta: 'computer-use-2025-01-24' }
const SECOND: ComputerVersion = { type: 'computer_20251124', beta: 'computer-use-2025-11-24' }

/** A set with a tool for each action; the API itself names them. */
const TOOLSET: ComputerVersion = { type: 'computer_toolset_20260801' }

/** The additional name in calls of the set and in their results. */
const TOOLSET_NAME = 'computer'

/** The first versions of models that refuse the single tools. */
const ONLY_TOOLSET = 505
const ONLY_TOOLSET_OF_FABLE = 502

/** The first versions of models that accept the second tool. */
const TAKES_SECOND = new Map([
  ['opus', 405],
  ['sonnet', 406],
  ['haiku', 406],
])

/** The computer tool for a model. A name without a version counts as a new model. */
export function computerVersion(model: string): ComputerVersion {
  const { family, version } = familyOf(model) ?? { family: '', version: Infinity }
  const isFable = family === 'fable' || family === 'mythos'
  if (version >= (isFable ? ONLY_TOOLSET_OF_FABLE : ONLY_TOOLSET)) return TOOLSET
  return version >= (TAKES_SECOND.get(family) ?? 0) ? SECOND : FIRST
}

/** The size of the screen, if a tool does not have it. */
const WIDTH = 1024
const HEIGHT = 768

/**
 * The actions that OpenAI's dialect does not have. In the older tools they can't be switched off.
 */
const NOT_OFFERED = [
  'cursor_position',
  'hold_key',
  'left_mouse_down',
  'left_mouse_up',
  'triple_click',
  'zoom',
]

export function isComputer(tool: Tool): tool is ComputerTool | ComputerUsePreviewTool {
  return tool.type === 'computer' || tool.type === 'computer_use_preview'
}

/** OpenAI's computer tool as the API's. The set has no name. */
export function computerTool(
  tool: ComputerTool | ComputerUsePreviewTool,
  { type }: ComputerVersion,
): ToolDefinition {
  if (type === TOOLSET.type) {
    const configs = Object.fromEntries(NOT_OFFERED.map((name) => [name, { enabled: false }]))
    return { type, configs }
  }
  const isSized = tool.type === 'computer_use_preview'
  return {
    type,
    name: 'computer',
    display_width_px: isSized ? tool.display_width : WIDTH,
    display_height_px: isSized ? tool.display_height : HEIGHT,
  }
}

export function isComputerToolset(tool: ToolDefinition): boolean {
  return tool.type === TOOLSET.type
}

/** Whether a call belongs to the set: a client's own tool may have the same name as an action. */
export function isToolsetCall(block: object): boolean {
  return 'toolset_name' in block && block.toolset_name === TOOLSET_NAME
}

/** The input of a call, in the form of the single tool. */
export function computerCallInput(block: { name: string; input: unknown }): Input {
  const input = block.input as Input
  return isToolsetCall(block) ? { ...input, action: block.name } : input
}

/** The form for calls in a history: of the set, or of the tool of this name. */
export type ComputerCalls = { toolset: true } | { toolset: false; name: string }

/** A call for the API. */
export function computerBlock(id: string, action: ComputerAction, to: ComputerCalls): ContentBlock {
  const input = computerInput(action)
  if (!to.toolset) return { type: 'tool_use', id, name: to.name, input }
  const { action: name, ...others } = input
  return { type: 'tool_use', id, name: String(name), toolset_name: TOOLSET_NAME, input: others }
}

/** The fields of a result besides its call's id. */
export function resultFields({ toolset }: ComputerCalls): { toolset_name?: string } {
  return toolset ? { toolset_name: TOOLSET_NAME } : {}
}

type Input = { [field: string]: unknown }

/** Pixels for one step of the API's scrolling. */
const STEP = 100

/** A call as an item. `action` is what the preview's clients read, `actions` what the others do. */
export function computerCall(id: string, callId: string, input: Input): ResponseComputerToolCall {
  const action = actionOf(input)
  return {
    id,
    type: 'computer_call',
    call_id: callId,
    action,
    actions: [action],
    pending_safety_checks: [],
    status: 'completed',
  }
}

function actionOf(input: Input): ComputerAction {
  const [x, y] = pointIn(input['coordinate'])
  const text = typeof input['text'] === 'string' ? input['text'] : ''
  const keys = text === '' ? null : text.split('+')
  switch (input['action']) {
    case 'left_click':
      return { type: 'click', button: 'left', x, y, keys }
    case 'right_click':
      return { type: 'click', button: 'right', x, y, keys }
    case 'middle_click':
      return { type: 'click', button: 'wheel', x, y, keys }
    case 'double_click':
    case 'triple_click':
      return { type: 'double_click', x, y, keys }
    case 'left_click_drag': {
      const [startX, startY] = pointIn(input['start_coordinate'])
      const path = [
        { x: startX, y: startY },
        { x, y },
      ]
      return { type: 'drag', path, keys }
    }
    case 'mouse_move':
      return { type: 'move', x, y, keys }
    case 'key':
    case 'hold_key':
      return { type: 'keypress', keys: keys ?? [] }
    case 'type':
      return { type: 'type', text }
    case 'scroll': {
      const amount = Number(input['scroll_amount'] ?? 0) * STEP
      const direction = input['scroll_direction']
      const scrollX = direction === 'left' ? -amount : direction === 'right' ? amount : 0
      const scrollY = direction === 'up' ? -amount : direction === 'down' ? amount : 0
      return { type: 'scroll', x, y, scroll_x: scrollX, scroll_y: scrollY, keys }
    }
    case 'wait':
      return { type: 'wait' }
    default:
      // OpenAI's dialect does not have the other actions. All of them return a screenshot.
      return { type: 'screenshot' }
  }
}

/** The API's input for an action in a history. */
function computerInput(action: ComputerAction): Input {
  switch (action.type) {
    case 'click': {
      const names = new Map<string, string>([
        ['right', 'right_click'],
        ['wheel', 'middle_click'],
      ])
      return pointed(names.get(action.button) ?? 'left_click', action)
    }
    case 'double_click':
      return pointed('double_click', action)
    case 'move':
      return pointed('mouse_move', action)
    case 'drag': {
      const [start, end] = [action.path[0], action.path.at(-1)]
      return {
        action: 'left_click_drag',
        start_coordinate: [start?.x ?? 0, start?.y ?? 0],
        coordinate: [end?.x ?? 0, end?.y ?? 0],
      }
    }
    case 'keypress':
      return { action: 'key', text: action.keys.join('+') }
    case 'type':
      return { action: 'type', text: action.text }
    case 'scroll': {
      const isAcross = Math.abs(action.scroll_x) > Math.abs(action.scroll_y)
      const distance = isAcross ? action.scroll_x : action.scroll_y
      const direction = isAcross ? (distance < 0 ? 'left' : 'right') : distance < 0 ? 'up' : 'down'
      return {
        action: 'scroll',
        coordinate: [action.x, action.y],
        scroll_direction: direction,
        scroll_amount: Math.round(Math.abs(distance) / STEP),
      }
    }
    case 'wait':
      return { action: 'wait', duration: 1 }
    case 'screenshot':
      return { action: 'screenshot' }
    default:
      action satisfies never
      return { action: 'screenshot' }
  }
}

type Pointed = { x: number; y: number; keys?: string[] | null }

function pointed(action: string, { x, y, keys }: Pointed): Input {
  return { action, coordinate: [x, y], ...(keys?.length && { text: keys.join('+') }) }
}

function pointIn(value: unknown): [number, number] {
  const [x, y] = Array.isArray(value) ? (value as unknown[]) : []
  return [typeof x === 'number' ? x : 0, typeof y === 'number' ? y : 0]
}
