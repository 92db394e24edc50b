import { familyOf } from './model-family.ts'

export type ModelLimits = {
  /** Maximum tokens of a conversation, including the answer. */
  contextWindow: number
  /** Maximum tokens of an answer. */
  maxOutput: number
}

/*
 * Sources: the model pages under https://platform.claude.com/docs/en/models and
 * https://platform.claude.com/docs/en/about-claude/models/overview
 */
const MILLION = 1_000_000
const USUAL_WINDOW = 200_000

/** The limits by first version, the newest first. */
const LIMITS: [number, ModelLimits][] = [
  [406, { contextWindow: MILLION, maxOutput: 128_000 }],
  [405, { contextWindow: USUAL_WINDOW, maxOutput: 64_000 }],
  [400, { contextWindow: USUAL_WINDOW, maxOutput: 32_000 }],
  [307, { contextWindow: USUAL_WINDOW, maxOutput: 64_000 }],
  [305, { contextWindow: USUAL_WINDOW, maxOutput: 8192 }],
  [300, { contextWindow: USUAL_WINDOW, maxOutput: 4096 }],
]

/**
 * The limits of a model, by its full name. `[1m]` at the end of a name is Claude Code's way to ask
 * for the larger window of a model that has two.
 */
export function limitsOf(model: string): ModelLimits | undefined {
  const { version = 0 } = familyOf(model) ?? {}
  const limits = LIMITS.find(([from]) => version >= from)?.[1]
  if (limits === undefined || !model.endsWith('[1m]')) return limits
  return { ...limits, contextWindow: MILLION }
}
