/** Ids of the calls of server tools whose results are not in the same message: it was paused. */
export function openServerCalls(content: readonly object[]): string[] {
  const blocks = content as readonly Record<string, unknown>[]
  const answered = new Set(blocks.map((block) => block['tool_use_id']))
  return blocks
    .filter(({ type }) => type === 'server_tool_use' || type === 'mcp_tool_use')
    .map(({ id }) => String(id))
    .filter((id) => !answered.has(id))
}
