/** The content of a compaction's `encrypted_content`. It is not encrypted, only opaque. */
type Compacted = { type: 'compaction'; summary: string }

/** The content of a `compaction` item for a summary. */
export function compactedContent(summary: string): string {
  const compacted: Compacted = { type: 'compaction', summary }
  return Buffer.from(JSON.stringify(compacted)).toString('base64url')
}

/** The summary in the content of an item; `undefined` if another provider made the item. */
export function summaryIn(content: string): string | undefined {
  try {
    const value = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as unknown
    if (typeof value !== 'object' || value === null) return undefined
    const { type, summary } = value as Partial<Compacted>
    return type === 'compaction' && typeof summary === 'string' ? summary : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A summary as a message for the model, instead of the conversation. */
export function summaryText(summary: string): string {
  return `This is a summary of the conversation so far:\n\n${summary}`
}

/** The instruction to summarise a conversation. */
export const SUMMARISE = [
  'Summarise this conversation, so that someone who has only your summary can go on with it.',
  'Keep what was asked and decided, names, values, files and code that matter, what was done, and',
  'what is still to do. Write the summary and nothing else.',
].join(' ')
