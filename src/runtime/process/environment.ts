/**
 * The variables that the proxy adds to the environment of the runtime. Each helps to keep the
 * promise that a request goes upstream once, and unchanged. Their effects were measured with
 * runtime 2.1.330; contract tests fail if one changes.
 */
export function runtimeEnvironment(
  version: string,
  temporaryFolder: string,
): Record<string, string> {
  return {
    // The name of the caller in the runtime's `user-agent` and `x-client-app` headers.
    CLAUDE_AGENT_SDK_CLIENT_APP: `claude-sub-proxy/${version}`,

    // A client's tool keeps its name: `Bash`, not `mcp__client__Bash`.
    CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',

    // One request upstream for each turn: the client decides about retries.
    CLAUDE_CODE_MAX_RETRIES: '0',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
    CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
    CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
    // With these betas on, the runtime repeats a request that got a 400, without the betas.
    CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: '1',
    // The runtime repeats a request if no answer came within this time. The proxy's own timeout is
    // shorter.
    CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS: ONE_DAY,
    API_TIMEOUT_MS: ONE_DAY,

    // Writes the headers of each answer to stderr: the only source of `retry-after`.
    ANTHROPIC_LOG: 'debug',
    // Of the runtime's own diagnostics, only errors: the rest is some 40 lines for each turn.
    CLAUDE_CODE_DEBUG_LOG_LEVEL: 'error',

    // Halves the runtime's time for each text delta (10,000 of them: 320 ms instead of 610).
    CLAUDE_CODE_PLAIN_DELTA_FAST_PATH: '1',

    // The runtime never summarises or refuses a conversation: the API decides what is too long.
    DISABLE_AUTO_COMPACT: '1',
    CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: NO_LIMIT,

    // Keeps the runtime from adding text of its own between the client's turns.
    CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
    // With this tool, the runtime would keep the blocks that `withOpenCalls` (frames.ts) adds.
    CLAUDE_CODE_DISABLE_ADVISOR_TOOL: '1',
    // Without this, a client's tool named `Agent` makes the runtime add a list of its agents.
    CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS: '1',

    // Keeps the runtime from replacing the model or the effort that the request names.
    CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: '1',
    CLAUDE_CODE_EFFORT_LEVEL: 'unset',

    // The runtime's temporary files: they are deleted when the proxy ends.
    TMPDIR: temporaryFolder,
    TEMP: temporaryFolder,
    TMP: temporaryFolder,

    // A variable of Bun (Linux only): the process ends if the proxy is killed, even in the middle
    // of a reply.
    BUN_FEATURE_FLAG_NO_ORPHANS: '1',

    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    CLAUDE_CODE_DISABLE_CLAUDE_MDS: '1',
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING: '1',
    CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
  }
}

/** Tokens: more than any conversation has. */
export const NO_LIMIT = '100000000'

const ONE_DAY = String(24 * 60 * 60 * 1000)
