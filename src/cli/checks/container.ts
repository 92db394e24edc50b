import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** Checks for faults of containers; undefined outside of a container. */
export function checkContainer({ isContainer, runtime, loginFolder }: Facts): Finding | undefined {
  if (!isContainer) return undefined
  const name = 'container'
  const { account } = runtime
  if (account?.authenticated !== true && !loginFolder.isThere) {
    return {
      name,
      level: 'warning',
      text: `no login is mounted at ${loginFolder.path}`,
      fix: `Mount one there (-v ~/.claude:${loginFolder.path}), or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY.`,
    }
  }
  if (account?.source === 'claude.ai' && !loginFolder.isWritable) {
    return {
      name,
      level: 'warning',
      text: `${loginFolder.path} is not writable, so the runtime can't save a refreshed login`,
      fix: 'Mount it without :ro, and make it writable for this user.',
    }
  }
  return { name, level: 'ok', text: 'this is a container' }
}
