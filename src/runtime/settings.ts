import type { TurnSettings } from '../plan/turn.ts'
import { NO_LIMIT } from './environment.ts'

/**
 * The environment that a process is given between turns. What was given stays until it is replaced,
 * so each value is always there.
 */
export function settingsEnvironment(
  settings: Pick<TurnSettings, 'extraBody' | 'betas' | 'runtimeCaching'>,
  gate: 'open' | 'closed',
): Record<string, string> {
  return {
    CLAUDE_CODE_EXTRA_BODY: settings.extraBody,
    ANTHROPIC_BETAS: settings.betas,
    DISABLE_PROMPT_CACHING: settings.runtimeCaching ? '' : '1',
    // The tokens from which on the runtime refuses by itself to ask: none, or any.
    CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: gate === 'open' ? NO_LIMIT : '1',
  }
}

/**
 * A line that a spare may be written as soon as it is started: settings that mean nothing, in the
 * form in which the SDK writes them. The first time takes the runtime some 20 ms more than the next,
 * and no one waits for it now. The SDK drops the answer, for it does not know of the question.
 */
export function firstSettings(model: string): string {
  const env = settingsEnvironment({ extraBody: '{}', betas: '', runtimeCaching: true }, 'open')
  const request = { subtype: 'apply_flag_settings', settings: { model, env } }
  return `${JSON.stringify({ type: 'control_request', request_id: 'ahead', request })}\n`
}
