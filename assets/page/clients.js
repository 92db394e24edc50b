import { hasKey } from './access.js'
import { fileSettings, shortSettings } from './client-settings.js'
import { byId, copyButton, element, say } from './dom.js'
import { t } from './language.js'

const SHELLS = {
  posix: (variables, command) =>
    [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), command].join(' '),
  powershell: (variables, command) =>
    [...Object.entries(variables).map(([name, value]) => `$env:${name}='${value}'`), command].join(
      '; ',
    ),
}

const DEFAULT_PORT = '42069'

/** Shows the settings that point clients at this proxy. */
export function showClients() {
  const shell = SHELLS[byId('clients-shell').value]
  const key = hasKey() ? 'your-proxy-key' : 'unused'
  const { origin, hostname, port } = location
  byId('clients').replaceChildren(
    ...shortSettings(origin, key, hasKey()).map(({ name, about, variables, command, text }) =>
      box(name, about, text ?? shell(variables, command)),
    ),
  )
  const files = fileSettings(origin, key, hasKey())
  byId('clients-files').replaceChildren(
    ...files.map(({ name, file, text, start }) =>
      box(name, t('{file}, then start {command}', { file, command: start }), text),
    ),
  )
  const isHere = hostname === 'localhost'
  const [, ...others] = files.map(({ setup }) => setup)
  const option = port === DEFAULT_PORT ? '' : ` --port ${port}`
  say(
    'clients-setup',
    isHere
      ? t(
          '"{command}" writes the file, also for {others}; "--undo" restores it. Run it in the folder of the proxy.',
          {
            command: `npx --no-install claude-sub-proxy setup codex --write${option}`,
            others: others.join(', '),
          },
        )
      : t('Add the lines to the file of the client.'),
  )
}

function box(name, about, text) {
  return element(
    'div',
    { class: 'client' },
    element(
      'div',
      { class: 'row' },
      name,
      copyButton(t('Copy for {name}', { name }), () => text),
    ),
    ...(about === undefined ? [] : [element('p', { class: 'muted' }, about)]),
    element('pre', { tabindex: '0', role: 'region', 'aria-label': name }, text),
  )
}

byId('clients-shell').value = navigator.userAgent.includes('Windows') ? 'powershell' : 'posix'
byId('clients-shell').addEventListener('change', showClients)
