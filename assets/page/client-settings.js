// The settings that point clients at a proxy. No browser is needed here, so tests can compare them.

import { t } from './language.js'

const MODEL = 'claude-sonnet-4-6'

/**
 * Clients that take shell variables or code.
 *
 * @param address `http://localhost:42069`
 * @param key any text, or the key that the proxy requires
 * @param hasKey whether the proxy requires the key
 */
export function shortSettings(address, key, hasKey) {
  const anthropic = { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key }
  const openai = { OPENAI_BASE_URL: `${address}/v1`, OPENAI_API_KEY: key }
  return [
    { name: t("Programs for Anthropic's API"), variables: anthropic, command: 'your-program' },
    { name: t("Programs for OpenAI's API"), variables: openai, command: 'your-program' },
    {
      name: 'Claude Code',
      about: t('A token, because it asks you to approve an API key.'),
      variables: { ANTHROPIC_BASE_URL: address, ANTHROPIC_AUTH_TOKEN: key },
      command: 'claude',
    },
    { name: 'Qwen Code', variables: openai, command: `qwen --auth-type openai --model ${MODEL}` },
    {
      name: 'aider',
      variables: { OPENAI_API_BASE: `${address}/v1`, OPENAI_API_KEY: key },
      command: `aider --model openai/${MODEL}`,
    },
    {
      name: 'Open WebUI',
      variables: { OPENAI_API_BASE_URL: `${address}/v1`, OPENAI_API_KEY: key },
      command: 'open-webui serve',
    },
    // These programs have no variable for a key.
    ...(hasKey
      ? []
      : [
          {
            name: t("Programs for Ollama's API"),
            variables: { OLLAMA_HOST: new URL(address).host },
            command: 'your-program',
          },
        ]),
    { name: 'Python', text: `Anthropic(base_url="${address}", api_key="${key}")` },
    { name: 'TypeScript', text: `new Anthropic({ baseURL: '${address}', apiKey: '${key}' })` },
    {
      name: 'Cursor, Cline, Zed',
      text: `Provider: OpenAI compatible\nBase URL: ${address}/v1\nAPI key:  ${key}\n${t("(Cursor sends requests from its own servers, so it can't reach localhost.)")}`,
    },
  ]
}

/**
 * Clients that have a file. `claude-sub-proxy setup` writes the same values.
 *
 * @param hasKey whether the proxy requires the key
 */
export function fileSettings(address, key, hasKey) {
  return [
    {
      name: 'Codex',
      setup: 'codex',
      file: '~/.codex/config.toml',
      text: [
        '[model_providers.claude-sub-proxy]',
        'name = "claude-sub-proxy"',
        `base_url = "${address}/v1"`,
        'wire_api = "responses"',
        ...(hasKey ? ['env_key = "CLAUDE_SUB_PROXY_KEY"'] : []),
        '',
        '[profiles.claude]',
        'model_provider = "claude-sub-proxy"',
        `model = "${MODEL}"`,
      ].join('\n'),
      start: 'codex --profile claude',
    },
    {
      name: 'opencode',
      setup: 'opencode',
      file: '~/.config/opencode/opencode.json',
      text: json({
        provider: { anthropic: { options: { baseURL: `${address}/v1`, apiKey: key } } },
      }),
      start: 'opencode',
    },
    {
      name: 'pi',
      setup: 'pi',
      file: '~/.pi/agent/models.json',
      text: json({
        providers: {
          'claude-sub-proxy': {
            baseUrl: address,
            api: 'anthropic-messages',
            apiKey: key,
            models: [{ id: MODEL }],
          },
        },
      }),
      start: 'pi',
    },
    {
      name: 'Continue',
      setup: 'continue',
      file: '~/.continue/config.yaml',
      text: [
        'name: claude-sub-proxy',
        'version: 1.0.0',
        'schema: v1',
        'models:',
        '  - name: Claude (claude-sub-proxy)',
        '    provider: anthropic',
        `    model: ${MODEL}`,
        `    apiBase: ${address}/v1/`,
        `    apiKey: ${key}`,
      ].join('\n'),
      start: t('the editor'),
    },
  ]
}

function json(value) {
  return JSON.stringify(value, undefined, 2)
}
