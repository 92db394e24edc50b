import type { Environment } from './environment.ts'

/**
 * Builds the environment of the runtime's process: the variables that it needs to run, to reach the
 * network and to find the user's login, and `added`, which takes precedence. No other variable is
 * passed on. So neither this program's settings nor a surrounding session of Claude Code can change
 * the runtime.
 *
 * Names are compared without regard to case: Windows spells `Path`, and the names for network
 * proxies exist in both cases.
 */
export function childEnvironment(
  env: Environment,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isAllowed(entry[0]),
  )
  return { ...Object.fromEntries(inherited), ...added }
}

function isAllowed(name: string): boolean {
  return ALLOWED_PATTERN.test(name) && !REFUSED.has(name.toUpperCase())
}

/**
 * The inherited variables, by purpose; `*` stands for any letters. The runtime's own variables are
 * described at https://code.claude.com/docs/en/env-vars and .../network-config
 */
export const INHERITED: readonly { readonly purpose: string; readonly names: string }[] = [
  {
    purpose: 'programs and folders of the user',
    names: 'PATH HOME USER LOGNAME SHELL TMPDIR TEMP TMP XDG_*',
  },
  { purpose: 'language and time zone', names: 'LANG LANGUAGE LC_* TZ' },
  {
    // Without these, programs don't start or can't find their data.
    purpose: 'the same on Windows',
    names:
      'SystemRoot SystemDrive windir COMSPEC PATHEXT OS PROCESSOR_ARCHITECTURE ' +
      'USERNAME USERDOMAIN USERPROFILE HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA ' +
      'ALLUSERSPROFILE ProgramData ProgramFiles ProgramFiles(x86) ProgramW6432 ' +
      'CLAUDE_CODE_GIT_BASH_PATH',
  },
  { purpose: 'the keyring of a Linux desktop', names: 'DBUS_SESSION_BUS_ADDRESS' },
  {
    purpose: 'the login',
    names: 'ANTHROPIC_* CLAUDE_CONFIG_DIR CLAUDE_CODE_OAUTH_* CLAUDE_CODE_API_KEY_HELPER_TTL_MS',
  },
  {
    purpose: 'the provider',
    names:
      'CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY ' +
      'CLAUDE_CODE_USE_MANTLE CLAUDE_CODE_USE_GATEWAY CLAUDE_CODE_USE_ANTHROPIC_* ' +
      'CLAUDE_CODE_SKIP_*_AUTH',
  },
  {
    purpose: 'the login at a provider',
    names:
      'AWS_* AZURE_* IDENTITY_ENDPOINT IDENTITY_HEADER MSI_ENDPOINT MSI_SECRET ' +
      'GOOGLE_* GCLOUD_* CLOUDSDK_CONFIG CLOUD_ML_REGION VERTEX_* ' +
      'GCE_METADATA_HOST GCE_METADATA_IP METADATA_SERVER_DETECTION',
  },
  {
    purpose: 'the way to the network',
    names: 'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY CLAUDE_CODE_PROXY_RESOLVES_HOSTS',
  },
  {
    purpose: 'certificates',
    names:
      'NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE ' +
      'CLAUDE_CODE_CERT_STORE CLAUDE_CODE_CLIENT_CERT CLAUDE_CODE_CLIENT_KEY ' +
      'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE',
  },
]

const ALLOWED = INHERITED.flatMap(({ names }) => names.split(' '))

const ALLOWED_PATTERN = new RegExp(
  `^(?:${ALLOWED.map((name) => name.replace(/[()]/g, '\\$&').replace('*', '.*')).join('|')})$`,
  'i',
)

/** Exceptions to the patterns above. */
export const REFUSED: ReadonlySet<string> = new Set([
  // The clients decide about these.
  'ANTHROPIC_BETAS',
  'ANTHROPIC_MODEL',
  'ANTHROPIC_SMALL_FAST_MODEL',
  // Makes the runtime's API client print requests, which contain conversations.
  'ANTHROPIC_LOG',
  // The number of an open file, which the runtime's process does not inherit.
  'CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR',
])
