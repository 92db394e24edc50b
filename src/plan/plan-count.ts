import { combineMessages } from '../api/combine.ts'
import { systemMessagesAsText } from '../api/system-messages.ts'
import type { MessagesRequest, ToolDefinition } from '../api/types.ts'
import type { PlanContext } from './plan-turn.ts'
import { systemText } from './system.ts'
import type { ClientTool, Opening } from './turn.ts'

/** Says what a process must hold so that it can be counted: all of the conversation. */
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

/** The runtime cuts descriptions that are longer, but none that stand inside a schema. */
const LONGEST_DESCRIPTION = 2000

/** Where one of these stands at the top of a schema, the runtime says it in words of its own. */
const REWORDED = ['anyOf', 'oneOf', 'allOf']

/**
 * A tool in a form in which the runtime has all of it counted: what it would change on the way
 * stands one level deeper, which is a few tokens more.
 */
function countableTool({ name, description = '', ...definition }: ToolDefinition): ClientTool {
  const { input_schema: schema, ...others } = definition
  // Tools that are defined by Anthropic have no schema: what their definition says stands for it.
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
