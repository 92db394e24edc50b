/**
 * What the runtime's process is told through its environment, besides the user's own. Each entry
 * holds the runtime to the promise that a request is asked once, and as it was sent. All were
 * measured with runtime 2.1.330; the contract tests tell when one changes.
 */
export function runtimeEnvironment(
  version: string,
  temporaryFolder: string,
): Record<string, string> {
  return {
    // Who is calling, in the runtime's `user-agent` and `x-client-app` headers.
    CLAUDE_AGENT_SDK_CLIENT_APP: `claude-sub-proxy/${version}`,

    // A client's tool keeps its name: `Bash`, not `mcp__client__Bash`.
    CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',

    // One request upstream for a turn: retries are the client's to decide.
    CLAUDE_CODE_MAX_RETRIES: '0',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
    CLAUDE_CODE_DISABLE_REFUSAL_RETRY: '1',
    CLAUDE_CODE_DISABLE_REFUSAL_FALLBACK: '1',
    // With these betas on, the runtime asks a request that got a 400 once more without them.
    CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS: '1',
    // The runtime asks again when nothing was answered within this time. Our own watchdog is first.
    CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS: ONE_DAY,
    API_TIMEOUT_MS: ONE_DAY,

    // The headers of each answer, on stderr: the only source of `retry-after`.
    ANTHROPIC_LOG: 'debug',
    // Of the runtime's own diagnostics only the errors: the others are some 40 lines for each turn.
    CLAUDE_CODE_DEBUG_LOG_LEVEL: 'error',

    // A delta of text takes the runtime half the time (10,000 of them: 320 ms in place of 610).
    CLAUDE_CODE_PLAIN_DELTA_FAST_PATH: '1',

    // A conversation is never summarised or refused here: what is too long, the API says.
    DISABLE_AUTO_COMPACT: '1',
    CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: NO_LIMIT,

    // No text of the runtime's own between the client's turns.
    CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
    // See `withOpenCalls` in sdk-messages.ts: with this tool the runtime would keep such blocks.
    CLAUDE_CODE_DISABLE_ADVISOR_TOOL: '1',
    // Else a client's tool named `Agent` brings a list of the runtime's agents with it.
    CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS: '1',

    // The model that was named is the model that is asked, with the effort that was named.
    CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: '1',
    CLAUDE_CODE_EFFORT_LEVEL: 'unset',

    // What the runtime leaves behind in its temporary folder goes when the proxy goes.
    TMPDIR: temporaryFolder,
    TEMP: temporaryFolder,
    TMP: temporaryFolder,

    // The process ends when the proxy is killed, also in the middle of a reply (Bun's, on Linux).
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
