import { hasKey } from './access.js'
import { byId, copyButton, element } from './dom.js'

/** Settings that point clients at this proxy: shell variables or code. */
function clients() {
  const address = location.origin
  const key = hasKey() ? 'your-proxy-key' : 'unused'
  const anthropic = { ANTHROPIC_BASE_URL: address, ANTHROPIC_API_KEY: key }
  const openai = { OPENAI_BASE_URL: `${address}/v1`, OPENAI_API_KEY: key }
  return [
    { name: 'Any program', variables: anthropic, command: 'your-program' },
    { name: 'Programs for OpenAI', variables: openai, command: 'your-program' },
    {
      name: 'Claude Code',
      variables: { ANTHROPIC_BASE_URL: address, ANTHROPIC_AUTH_TOKEN: key },
      command: 'claude',
    },
    {
      name: 'aider',
      variables: { OPENAI_API_BASE: `${address}/v1`, OPENAI_API_KEY: key },
      command: 'aider --model openai/claude-sonnet-4-6',
    },
    {
      name: 'Open WebUI',
      variables: { OPENAI_API_BASE_URL: `${address}/v1`, OPENAI_API_KEY: key },
      command: 'open-webui serve',
    },
    {
      name: 'Cursor, Cline, Zed, Continue',
      text: `Provider: OpenAI compatible\nBase URL: ${address}/v1\nAPI key:  ${key}\n(Cursor sends requests from its own servers, so it can't reach localhost.)`,
    },
    { name: 'Python', text: `Anthropic(base_url="${address}", api_key="${key}")` },
    { name: 'TypeScript', text: `new Anthropic({ baseURL: '${address}', apiKey: '${key}' })` },
  ]
}

const SHELLS = {
  posix: (variables, command) =>
    [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), command].join(' '),
  powershell: (variables, command) =>
    [...Object.entries(variables).map(([name, value]) => `$env:${name}='${value}'`), command].join(
      '; ',
    ),
}

export function showClients() {
  const shell = SHELLS[byId('clients-shell').value]
  byId('clients').replaceChildren(
    ...clients().map(({ name, variables, command, text = shell(variables, command) }) =>
      element(
        'div',
        { class: 'client' },
        element(
          'div',
          { class: 'row' },
          name,
          copyButton(`Copy for ${name}`, () => text),
        ),
        element('pre', { tabindex: '0', role: 'region', 'aria-label': name }, text),
      ),
    ),
  )
}

byId('clients-shell').value = navigator.userAgent.includes('Windows') ? 'powershell' : 'posix'
byId('clients-shell').addEventListener('change', showClients)
