import type { MessagesRequest } from '../api/types.ts'

/** The system prompt as one text: blocks are joined by a blank line, as the runtime joins them. */
export function systemText(system: MessagesRequest['system']): string {
  if (system === undefined) return ''
  if (typeof system === 'string') return system
  return system.map((block) => block.text).join('\n\n')
}
