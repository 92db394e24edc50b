import type { MessagesRequest } from '../api/types.ts'

/**
 * The system prompt as one text: blocks are joined by a blank line, as the runtime joins them.
 *
 * A text that looks like the runtime's own first blocks would replace them. A line break in front
 * prevents that, so that the runtime still identifies itself.
 */
export function systemText(system: MessagesRequest['system']): string {
  if (system === undefined) return ''
  const text = typeof system === 'string' ? system : system.map((block) => block.text).join('\n\n')
  return LIKE_THE_RUNTIMES_OWN.test(text) ? `\n${text}` : text
}

const LIKE_THE_RUNTIMES_OWN =
  /^(?:x-anthropic-billing-header:|You are (?:a Claude agent|Claude Code)\b)/
