import type { ModelCapabilities, Support } from '../../api/model.ts'
import type { ListedModel } from './listed-model.ts'

const EFFORT_LEVELS = ['low', 'medium', 'high', 'xhigh', 'max'] as const

/**
 * The capabilities of a model in the runtime's list, in the shape of the Messages API. Unknown ones
 * are left out.
 *
 * @returns undefined if the list has none
 */
export function capabilitiesOf(row: ListedModel): ModelCapabilities | undefined {
  const effort = effortOf(row)
  const thinking = thinkingOf(row)
  if (effort === undefined && thinking === undefined) return undefined
  return { ...(effort && { effort }), ...(thinking && { thinking }) }
}

function effortOf({
  supportsEffort,
  supportedEffortLevels,
}: ListedModel): ModelCapabilities['effort'] {
  if (supportsEffort === undefined) return undefined
  if (supportedEffortLevels === undefined) return support(supportsEffort)
  const levels = EFFORT_LEVELS.map((level) => [
    level,
    support(supportedEffortLevels.includes(level)),
  ])
  return { ...support(supportsEffort), ...Object.fromEntries(levels) }
}

/**
 * A model whose thinking the runtime does not switch off may still accept `disabled`, so only a yes says
 * something about the API.
 */
function thinkingOf({
  supportsAdaptiveThinking,
  supportsThinkingOff,
}: ListedModel): ModelCapabilities['thinking'] {
  const types = {
    ...(supportsAdaptiveThinking !== undefined && { adaptive: support(supportsAdaptiveThinking) }),
    ...(supportsThinkingOff === true && { disabled: support(true) }),
  }
  if (Object.keys(types).length === 0) return undefined
  return { ...(supportsAdaptiveThinking === true && support(true)), types }
}

function support(supported: boolean): Support {
  return { supported }
}
