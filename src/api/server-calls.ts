/** Ids of the calls of server tools without a result in the same message, as in a paused reply. */
export function openServerCalls(content: readonly object[]): string[] {
  const blocks = content as readonly Record<string, unknown>[]
  const answered = new Set(blocks.map((block) => block['tool_use_id']))
  return blocks
    .filter(({ type }) => type === 'server_tool_use' || type === 'mcp_tool_use')
    .map(({ id }) => String(id))
    .filter((id) => !answered.has(id))
}
