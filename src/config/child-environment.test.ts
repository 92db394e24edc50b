import { expect, it } from 'vitest'
import { childEnvironment } from './child-environment.ts'

it.each([
  'PATH',
  'Path',
  'HOME',
  'LC_ALL',
  'XDG_CONFIG_HOME',
  'SystemRoot',
  'ProgramFiles(x86)',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_BASE_URL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'CLAUDE_CONFIG_DIR',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_ANTHROPIC_AWS',
  'CLAUDE_CODE_SKIP_VERTEX_AUTH',
  'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE',
  'AWS_PROFILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'VERTEX_REGION_CLAUDE_4_6_SONNET',
  'AZURE_CLIENT_ID',
  'https_proxy',
  'HTTPS_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'DBUS_SESSION_BUS_ADDRESS',
])('%s reaches the runtime', (name) => {
  expect(childEnvironment({ [name]: 'x' })).toEqual({ [name]: 'x' })
})

it.each([
  'CSP_PROXY_API_KEY',
  'CSP_PORT',
  'NODE_OPTIONS',
  'CLAUDECODE',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_EXTRA_BODY',
  'CLAUDE_CODE_USE_POWERSHELL_TOOL',
  'CLAUDE_CODE_SKIP_PROMPT_HISTORY',
  'CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR',
  'ANTHROPIC_BETAS',
  'ANTHROPIC_MODEL',
  'anthropic_model',
  'ANTHROPIC_SMALL_FAST_MODEL',
  'ANTHROPIC_LOG',
  'MAX_THINKING_TOKENS',
  'LD_PRELOAD',
  'GITHUB_TOKEN',
  'MY_PATH',
  'PATHS',
])('%s does not reach the runtime', (name) => {
  expect(childEnvironment({ [name]: 'x' })).toEqual({})
})

it('added variables take precedence, whatever their names', () => {
  const env = { PATH: '/bin', HOME: '/home/user', TZ: undefined }
  expect(childEnvironment(env, { HOME: '/tmp/home', CLAUDE_CODE_MAX_RETRIES: '0' })).toEqual({
    PATH: '/bin',
    HOME: '/tmp/home',
    CLAUDE_CODE_MAX_RETRIES: '0',
  })
})
