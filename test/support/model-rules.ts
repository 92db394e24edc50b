import { type Answer, error } from './answers.ts'

/*
 * The API's rules for single models: features that it refuses for one model and accepts for
 * another. Sources: https://platform.claude.com/docs/en/about-claude/models/migration-guide and the
 * guides of each model; the messages are the API's own as far as they were found in public reports.
 */

type Fields = Record<string, unknown>

type Model = { family: string; version: number }

type Rule = {
  applies: (model: Model) => boolean
  complaint: (request: Fields) => string | undefined
}

const RULES: readonly Rule[] = [
  {
    applies: (model) => !takesSystemMessages(model),
    complaint: ({ messages }) =>
      rolesOf(messages).includes('system')
        ? "role 'system' is not supported on this model"
        : undefined,
  },
  {
    applies: takesSystemMessages,
    complaint: ({ messages }) =>
      rolesOf(messages)[0] === 'system'
        ? "messages.0: use the top-level 'system' parameter for the initial system prompt"
        : undefined,
  },
  { applies: refusesSampling, complaint: samplingComplaint },
  {
    applies: isOfLatestGeneration,
    complaint: ({ tool_choice: choice }) => {
      const type = (choice as Fields | undefined)?.['type']
      return type === 'any' || type === 'tool'
        ? `"tool_choice.type.${type}" is not supported for this model.`
        : undefined
    },
  },
  {
    applies: isOfLatestGeneration,
    complaint: ({ messages }) =>
      endsWithPrefill(messages)
        ? 'Prefilling assistant messages is not supported for this model.'
        : undefined,
  },
  {
    applies: (model) => isOfLatestGeneration(model) && model.family !== 'haiku',
    complaint: ({ thinking }) =>
      (thinking as Fields | undefined)?.['type'] === 'disabled'
        ? '"thinking.type.disabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        : undefined,
  },
]

/**
 * The API's 400 if a request uses a feature that its model refuses. Unknown models have no rules.
 */
export function modelRuleError(request: Fields): Answer | undefined {
  const model = readModel(String(request['model']))
  if (model === undefined) return undefined
  for (const { applies, complaint } of RULES) {
    const message = applies(model) ? complaint(request) : undefined
    if (message !== undefined) return error(400, 'invalid_request_error', message)
  }
  return undefined
}

function readModel(name: string): Model | undefined {
  const [, family, major, minor = '0'] =
    /claude-(opus|sonnet|haiku|fable|mythos)-(\d)(?:-(\d)(?!\d))?/.exec(name) ?? []
  if (family === undefined) return undefined
  return { family, version: Number(`${major}.${minor}`) }
}

/** Opus from 4.8 on; other families from their later versions on. */
function takesSystemMessages({ family, version }: Model): boolean {
  return family === 'opus' ? version >= 4.8 : version >= 5
}

/** Opus from 4.7 on; other families from their later versions on. */
function refusesSampling({ family, version }: Model): boolean {
  return family === 'opus' ? version >= 4.7 : version >= 5
}

function isOfLatestGeneration({ family, version }: Model): boolean {
  return version >= 5.5 || ((family === 'fable' || family === 'mythos') && version > 5)
}

function samplingComplaint(request: Fields): string | undefined {
  const { temperature } = request
  const name =
    temperature !== undefined && temperature !== 1
      ? 'temperature'
      : ['top_p', 'top_k'].find((parameter) => request[parameter] !== undefined)
  return name === undefined ? undefined : `\`${name}\` is deprecated for this model.`
}

function rolesOf(messages: unknown): unknown[] {
  return (messages as Fields[]).map(({ role }) => role)
}

/** A paused turn of a server tool, which is sent back unchanged, is no prefill. */
function endsWithPrefill(messages: unknown): boolean {
  const last = (messages as Fields[]).at(-1)
  if (last?.['role'] !== 'assistant') return false
  const { content } = last
  const type = Array.isArray(content) ? (content.at(-1) as Fields | undefined)?.['type'] : 'text'
  return type === 'text'
}
