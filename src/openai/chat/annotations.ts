import type { ChatCompletionMessage } from 'openai/resources/chat/completions'

import type { ReplyMessage } from '../../api/types.ts'

/**
 * The sources of a reply's texts. The API cites for a whole block, so an annotation covers the
 * whole block. Its indexes count in the text of the message.
 */
export function annotationsOf(
  content: ReplyMessage['content'],
): ChatCompletionMessage.Annotation[] {
  const annotations: ChatCompletionMessage.Annotation[] = []
  let start = 0
  for (const block of content) {
    if (block.type !== 'text') continue
    const end = start + block.text.length
    for (const citation of block.citations ?? []) {
      if (citation.type !== 'web_search_result_location') continue
      annotations.push({
        type: 'url_citation',
        url_citation: {
          start_index: start,
          end_index: end,
          title: citation.title ?? '',
          url: citation.url,
        },
      })
    }
    start = end
  }
  return annotations
}
