import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { podmanOptions } from './compose.ts'

const FILE = new URL('../../docker-compose.yml', import.meta.url)

function ours(): unknown {
  const compose = parse(readFileSync(FILE, 'utf8')) as { services: Record<string, unknown> }
  return compose.services['claude-sub-proxy']
}

test('the rights, folders and variables of docker-compose.yml become options of podman', () => {
  const options = podmanOptions(ours(), { CSP_PROXY_API_KEY: 'a-key' })
  const pairs = options.flatMap((option, index) => [`${option} ${options[index + 1] ?? ''}`])
  for (const pair of [
    '--user 1000:1000',
    '--stop-timeout 40',
    '--env CSP_PROXY_API_KEY=a-key',
    '--volume claude:/home/node/.claude',
    '--volume state:/state',
    '--tmpfs /tmp:exec,mode=1777',
    '--cap-drop ALL',
    '--security-opt no-new-privileges',
  ]) {
    expect(pairs).toContain(pair)
  }
  expect(options).toContain('--read-only')
  expect(options).toContain('--init')
})

test('values take the place of variables', () => {
  const options = podmanOptions(ours(), { CSP_PROXY_API_KEY: 'a-key', PROXY_USER: '4711:4711' })
  expect(options).toContain('4711:4711')
  expect(options).not.toContain('1000:1000')
})

test('a required variable that is not set is an error', () => {
  expect(() => podmanOptions(ours(), {})).toThrow('CSP_PROXY_API_KEY is not set')
})

test('a setting that the check does not know is an error', () => {
  expect(() => podmanOptions({ privileged: true }, {})).toThrow('privileged is not known here')
})
