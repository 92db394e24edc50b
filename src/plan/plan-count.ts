import { combineMessages } from '../api/combine.ts'
import { systemMessagesAsText } from '../api/system-messages.ts'
import type { MessagesRequest, ToolDefinition } from '../api/types.ts'
import type { PlanContext } from './plan-turn.ts'
import { systemText } from './system.ts'
import type { ClientTool, Opening } from './turn.ts'

/** Makes the state whose tokens are counted: the whole conversation. */
export function planCount(
  request: MessagesRequest,
  { defaults, describeModel }: Pick<PlanContext, 'defaults' | 'describeModel'>,
): Omit<Opening, 'settings'> {
  return {
    model: describeModel(request.model ?? defaults.model).id,
    system: systemText(request.system ?? defaults.system),
    tools: (request.tools ?? []).map(countableTool),
    history: combineMessages(systemMessagesAsText(request.messages)),
  }
}

/** The runtime cuts longer descriptions, but not inside a schema. */
const LONGEST_DESCRIPTION = 2000

/** If one of these is at the top of a schema, the runtime rewrites it. */
const REWORDED = ['anyOf', 'oneOf', 'allOf']

/**
 * A tool in a form that the runtime has counted unchanged: parts that it would change are one level
 * deeper, which costs a few tokens.
 */
function countableTool({ name, description = '', ...definition }: ToolDefinition): ClientTool {
  const { input_schema: schema, ...others } = definition
  // Tools defined by Anthropic have no schema, so their definition takes its place.
  const given = schema ?? others
  const isLong = description.length > LONGEST_DESCRIPTION
  return {
    name: name ?? 'unnamed',
    description: isLong ? '' : description,
    inputSchema: {
      ...(REWORDED.some((keyword) => keyword in given) ? { $defs: { input: given } } : given),
      ...(isLong && { description }),
      type: 'object',
    },
  }
}
