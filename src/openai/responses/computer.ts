import type {
  ComputerAction,
  ComputerTool,
  ComputerUsePreviewTool,
  ResponseComputerToolCall,
  Tool,
} from 'openai/resources/responses/responses'

import type { ToolDefinition } from '../../api/types.ts'

/** Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool */
export const COMPUTER_BETA = 'computer-use-2025-11-24'

/** The size of the screen for a tool that does not tell it. */
const WIDTH = 1024
const HEIGHT = 768

export function isComputer(tool: Tool): tool is ComputerTool | ComputerUsePreviewTool {
  return tool.type === 'computer' || tool.type === 'computer_use_preview'
}

/** OpenAI's computer tool as the API's. */
export function computerTool(tool: ComputerTool | ComputerUsePreviewTool): ToolDefinition {
  const isSized = tool.type === 'computer_use_preview'
  return {
    type: 'computer_20251124',
    name: 'computer',
    display_width_px: isSized ? tool.display_width : WIDTH,
    display_height_px: isSized ? tool.display_height : HEIGHT,
  }
}

type Input = { [field: string]: unknown }

/** One step of the API's scrolling, in pixels. */
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
      // OpenAI has no word for the others; what all of them give back is a picture of the screen.
      return { type: 'screenshot' }
  }
}

/** The API's input for an action in a history. */
export function computerInput(action: ComputerAction): Input {
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
