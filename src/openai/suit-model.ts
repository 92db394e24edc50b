import { familyOf, type ModelFamily } from '../api/model-family.ts'
import { systemMessagesAsText, takesSystemMessages } from '../api/system-messages.ts'
import type { MessagesRequest } from '../api/types.ts'

export type SuitedRequest = {
  request: MessagesRequest
  /** The API's names of the removed parameters; `output_config.effort` for a field inside another. */
  leftOut: string[]
}

/**
 * Turns system messages inside a conversation into marked text, if the model may not accept them.
 * Leaves out the parameters that the API refuses with a 400, most of them only for newer models.
 * Clients of OpenAI's API send some of them, such as `temperature: 0`, with every request to every
 * model.
 *
 * @param model the model's full name, not an alias
 */
export function suitModel(request: MessagesRequest, model: string): SuitedRequest {
  const family = familyOf(model)
  const rules = [
    ...ALWAYS.filter(({ refuses }) => refuses(request)),
    ...(family === undefined ? [] : RULES.filter(({ refuses }) => refuses(request, family))),
  ]
  const suited = rules.reduce((kept, { without }) => without(kept), withKnownRoles(request, model))
  return { request: suited, leftOut: rules.map(({ field }) => field) }
}

function withKnownRoles(request: MessagesRequest, model: string): MessagesRequest {
  const hasSystem = request.messages.some(({ role }) => role === 'system')
  if (!hasSystem || takesSystemMessages(model) === true) return request
  return { ...request, messages: systemMessagesAsText(request.messages) }
}

type Rule = {
  field: string
  refuses: (request: MessagesRequest, model: ModelFamily) => boolean
  without: (request: MessagesRequest) => MessagesRequest
}

/*
 * Sources: the migration guides and the pages "What's new" under
 * https://platform.claude.com/docs/en/models (sonnet-5, opus-5-5, sonnet-5-5, haiku-5-5), and for
 * older models https://platform.claude.com/docs/en/about-claude/models/migrating-to-claude-4 and
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking
 */

/** The first version that refuses sampling parameters other than the default. */
const NO_SAMPLING = 407

/** The first version that refuses `temperature` and `top_p` together. */
const ONE_SAMPLING = 401

/** The first version that decides by itself how long it thinks. */
const ADAPTIVE = 406

/** The first version that accepts an effort; Opus accepted it one version earlier. */
const EFFORT = 406
const EFFORT_OF_OPUS = 405

/** The first version that refuses a forced tool call; in the Fable family it is 5.1. */
const NO_FORCED_CALL = 505
const NO_FORCED_CALL_OF_FABLE = 501

/** A thinking model refuses a lower `top_p`. */
const LOWEST_TOP_P_OF_THOUGHT = 0.95

/** A rule for every model: no stop sequence of only white space. */
const ALWAYS = [
  {
    field: 'stop_sequences',
    refuses: ({ stop_sequences: stops }: MessagesRequest) => stops?.some(isBlank) === true,
    without: withoutBlankStops,
  },
]

const RULES: Rule[] = [
  {
    field: 'temperature',
    refuses: (request, { version }) =>
      (request.temperature ?? 1) !== 1 && (version >= NO_SAMPLING || thinks(request)),
    without: (request) => lacking(request, 'temperature'),
  },
  {
    field: 'top_p',
    refuses: ({ top_p: topP, temperature, ...others }, { version }) =>
      topP !== undefined &&
      (version >= NO_SAMPLING ||
        (version >= ONE_SAMPLING && temperature !== undefined) ||
        (topP < LOWEST_TOP_P_OF_THOUGHT && thinks(others))),
    without: (request) => lacking(request, 'top_p'),
  },
  {
    field: 'top_k',
    refuses: (request, { version }) =>
      request.top_k !== undefined && (version >= NO_SAMPLING || thinks(request)),
    without: (request) => lacking(request, 'top_k'),
  },
  {
    field: 'tool_choice',
    refuses: ({ tool_choice: choice }, { family, version }) =>
      ['any', 'tool'].includes(choice?.type ?? '') &&
      version >= (family === 'fable' ? NO_FORCED_CALL_OF_FABLE : NO_FORCED_CALL),
    without: withoutForcedCall,
  },
  {
    field: 'thinking',
    refuses: ({ thinking }, { version }) => thinking?.type === 'adaptive' && version < ADAPTIVE,
    without: (request) => lacking(request, 'thinking'),
  },
  {
    field: 'output_config.effort',
    refuses: ({ output_config: config }, { family, version }) =>
      config?.['effort'] !== undefined && version < (family === 'opus' ? EFFORT_OF_OPUS : EFFORT),
    without: withoutEffort,
  },
]

function thinks({ thinking }: Pick<MessagesRequest, 'thinking'>): boolean {
  return thinking?.type === 'adaptive' || thinking?.type === 'enabled'
}

function lacking(request: MessagesRequest, field: string): MessagesRequest {
  const kept = Object.entries(request).filter(([name]) => name !== field)
  return { messages: request.messages, ...Object.fromEntries(kept) }
}

function isBlank(text: string): boolean {
  return !/\S/u.test(text)
}

function withoutBlankStops({
  stop_sequences: stops = [],
  ...kept
}: MessagesRequest): MessagesRequest {
  const others = stops.filter((stop) => !isBlank(stop))
  return others.length === 0 ? kept : { ...kept, stop_sequences: others }
}

/** A limit to one call at a time is still allowed. */
function withoutForcedCall({ tool_choice: choice, ...kept }: MessagesRequest): MessagesRequest {
  if (choice?.['disable_parallel_tool_use'] !== true) return kept
  return { ...kept, tool_choice: { type: 'auto', disable_parallel_tool_use: true } }
}

function withoutEffort({ output_config: config, ...kept }: MessagesRequest): MessagesRequest {
  const { effort: _, ...others } = config ?? {}
  return Object.keys(others).length === 0 ? kept : { ...kept, output_config: others }
}
