import type { ModelInfo } from '@anthropic-ai/claude-agent-sdk'

/** What the runtime says and the SDK's type leaves out: whether thinking can be switched off. */
export type ListedModel = ModelInfo & { supportsThinkingOff?: boolean }
