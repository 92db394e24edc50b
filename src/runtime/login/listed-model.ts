import type { ModelInfo } from '@anthropic-ai/claude-agent-sdk'

/**
 * With a field that the runtime sends but the SDK's type lacks: whether thinking can be switched
 * off.
 */
export type ListedModel = ModelInfo & { supportsThinkingOff?: boolean }
