import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'

import type { ClientProgram } from './client-program.ts'

/** Any text works as the key, because the proxy requires none. */
const KEY = 'unused'

/** The agents that `npm run clients` runs. Each is set up according to its own documentation. */
export const CLIENT_PROGRAMS: readonly ClientProgram[] = [
  {
    name: 'Claude Code',
    api: 'Messages',
    source: { kind: 'agent-sdk' },
    launch: ({ url, model, task, home }) => ({
      args: ['--print', '--model', model, '--allowedTools', 'Bash', '--', task],
      env: {
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_AUTH_TOKEN: KEY,
        CLAUDE_CONFIG_DIR: join(home, '.claude'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    }),
  },
  {
    name: 'Codex',
    api: 'Responses',
    source: { kind: 'npm', package: '@openai/codex', file: '.bin/codex', node: 16 },
    launch: ({ url, model, task, home, work }) => {
      write(
        join(home, '.codex', 'config.toml'),
        [
          `model = "${model}"`,
          'model_provider = "claude"',
          '[model_providers.claude]',
          'name = "claude-sub-proxy"',
          `base_url = "${url}/v1"`,
          'wire_api = "responses"',
          'env_key = "OPENAI_API_KEY"',
          '',
        ].join('\n'),
      )
      return {
        args: [
          'exec',
          '--skip-git-repo-check',
          // The client has its own empty folder, and a container has no sandbox inside.
          '--dangerously-bypass-approvals-and-sandbox',
          '--cd',
          work,
          task,
        ],
        env: { OPENAI_API_KEY: KEY },
      }
    },
  },
  {
    name: 'opencode',
    api: 'Messages',
    source: {
      kind: 'npm',
      package: 'opencode-ai',
      // The package's own script would install this file.
      file: `opencode-${platform()}-${arch()}/bin/opencode`,
    },
    launch: ({ url, model, task, home }) => {
      writeJson(join(home, '.config', 'opencode', 'opencode.json'), {
        provider: {
          anthropic: { options: { baseURL: `${url}/v1`, apiKey: KEY }, models: { [model]: {} } },
        },
      })
      return {
        args: ['run', '--auto', '--model', `anthropic/${model}`, task],
        env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
      }
    },
  },
  {
    name: 'Qwen Code',
    api: 'Chat Completions',
    source: { kind: 'npm', package: '@qwen-code/qwen-code', file: '.bin/qwen', node: 22 },
    launch: ({ url, model, task }) => ({
      args: ['--yolo', '--auth-type', 'openai', '--model', model, task],
      env: { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: KEY },
    }),
  },
  {
    name: 'pi',
    api: 'Messages',
    source: {
      kind: 'npm',
      package: '@earendil-works/pi-coding-agent',
      file: '.bin/pi',
      node: 22,
      fallback: '1.6.0',
    },
    launch: ({ url, model, task, home }) => {
      writeJson(join(home, '.pi', 'agent', 'models.json'), {
        providers: { anthropic: { baseUrl: url } },
      })
      return {
        args: ['--provider', 'anthropic', '--model', model, '--no-session', '--print', task],
        env: { ANTHROPIC_API_KEY: KEY, PI_OFFLINE: '1', PI_TELEMETRY: '0' },
      }
    },
  },
]

function writeJson(path: string, value: object): void {
  write(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
