/** `claude`, as a path, and as an executable or a batch file of Windows. */
const CLAUDE_CODE = /(?:^|[\\/])claude(?:\.\w+)?$/i

/**
 * The variables by which a program finds an API, for both dialects; undefined removes one.
 *
 * Claude Code gets a token. In a terminal it asks the user to approve an API key from the
 * environment, and recommends not to (seen with 2.1.332); it uses a token without a question. Other
 * programs look for a key, and Anthropic's libraries warn if they find both.
 *
 * @param program as on the command line
 */
export function clientVariables(
  url: string,
  key: string,
  program: string,
): Record<string, string | undefined> {
  const isClaudeCode = CLAUDE_CODE.test(program)
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: isClaudeCode ? undefined : key,
    ANTHROPIC_AUTH_TOKEN: isClaudeCode ? key : undefined,
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_API_BASE: `${url}/v1`,
    OPENAI_API_KEY: key,
    // This login is for the proxy; the program must not send it.
    CLAUDE_CODE_OAUTH_TOKEN: undefined,
  }
}
