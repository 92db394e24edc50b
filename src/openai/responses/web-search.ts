import type {
  ResponseFunctionWebSearch,
  ResponseOutputText,
  Tool,
  WebSearchPreviewTool,
  WebSearchTool,
} from 'openai/resources/responses/responses'

import type { ReplyMessage, ToolDefinition } from '../../api/types.ts'

/** The name of the API's tool. */
export const WEB_SEARCH = 'web_search'

export function isWebSearch(tool: Tool): tool is WebSearchTool | WebSearchPreviewTool {
  return tool.type.startsWith(WEB_SEARCH)
}

/** OpenAI's web search as the API's. Both run on the server. */
export function webSearchTool(tool: WebSearchTool | WebSearchPreviewTool): ToolDefinition {
  const filters: Filters = ('filters' in tool ? tool.filters : undefined) ?? {}
  const { allowed_domains: allowed, blocked_domains: blocked } = filters
  const place = Object.entries(tool.user_location ?? {}).filter(([, value]) => value !== null)
  return {
    type: 'web_search_20250305',
    name: WEB_SEARCH,
    ...(allowed && { allowed_domains: allowed }),
    ...(!allowed && blocked && { blocked_domains: blocked }),
    ...(place.length > 0 && {
      user_location: { type: 'approximate', ...Object.fromEntries(place) },
    }),
  }
}

/** The API accepts only one of the two. */
type Filters = { allowed_domains?: string[] | null; blocked_domains?: string[] | null }

type Block = ReplyMessage['content'][number]
type SearchCall = Extract<Block, { type: 'server_tool_use' }>
type SearchResult = Extract<Block, { type: 'web_search_tool_result' }>

/** @param result absent if the reply ended before the result came */
export function searchItem(
  id: string,
  { input }: SearchCall,
  result: SearchResult | undefined,
): ResponseFunctionWebSearch {
  const found = result !== undefined && Array.isArray(result.content) ? result.content : undefined
  const query = typeof input['query'] === 'string' ? input['query'] : ''
  const sources = found?.map(({ url }) => ({ type: 'url' as const, url }))
  return {
    id,
    type: 'web_search_call',
    status: found === undefined ? 'failed' : 'completed',
    action: { type: 'search', query, queries: [query], ...(sources && { sources }) },
  }
}

/**
 * The sources of a text. The API cites for a whole block, so an annotation covers the whole part.
 */
export function annotationsOf(
  block: Extract<Block, { type: 'text' }>,
): ResponseOutputText.URLCitation[] {
  return (block.citations ?? []).flatMap((citation) =>
    citation.type === 'web_search_result_location'
      ? [
          {
            type: 'url_citation' as const,
            start_index: 0,
            end_index: block.text.length,
            title: citation.title ?? '',
            url: citation.url,
          },
        ]
      : [],
  )
}
