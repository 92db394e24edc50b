import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** The behaviour of a process of the executable. */
const SCRIPTS = {
  'is the runtime': 'exec "$runtime" "$@"',
  'prints garbage, and a line of 5 MB':
    'printf \'{"type": garbage \\001\\n\\n}{\\n\'; head -c 5000000 /dev/zero | tr "\\0" x; echo; exec cat >/dev/null',
  'complains in a line of 5 MB':
    'head -c 5000000 /dev/zero | tr "\\0" x >&2; echo >&2; exec "$runtime" "$@"',
  'prints garbage when told to': '(await; echo "} no JSON {"; did) & exec "$runtime" "$@"',
  'prints a line of 5 MB when told to':
    '(await; head -c 5000000 /dev/zero | tr "\\0" x; echo; did) & exec "$runtime" "$@"',
  'says nothing, and does not end when told to':
    'trap "" TERM; while [ -e "$folder" ]; do sleep 0.1; done',
  'exits at once with a message': 'echo "No good today." >&2; exit 1',
  'is of a version without these options':
    'echo "error: unknown option \'--setting-sources=\'" >&2; exit 1',
  'has too little memory': 'ulimit -v 200000; exec "$runtime" "$@"',
  'can not write to any file': 'trap "" XFSZ; ulimit -f 0; exec "$runtime" "$@"',
}

export type Behaviour = keyof typeof SCRIPTS

/** An executable for `claudePath` that is the real runtime until a test switches it. */
export type SwitchableRuntime = {
  path: string
  /** Switches the behaviour of new processes; running ones do not change. */
  become: (behaviour: Behaviour) => void
  /** Makes the waiting process print its output; resolves after that. */
  tell: () => Promise<void>
  /** Removes the executable, or the permission to execute it, until the next switch. */
  break: (how: 'missing' | 'forbidden') => void
}

/** Puts the executable into a folder. */
export function makeSwitchableRuntime(folder: string): SwitchableRuntime {
  const path = join(folder, 'claude')
  const signal = join(folder, 'told')
  const become = (behaviour: Behaviour): void => {
    rmSync(signal, { force: true })
    writeFileSync(path, scriptOf(folder, SCRIPTS[behaviour]))
    chmodSync(path, 0o755)
  }
  become('is the runtime')
  return {
    path,
    become,
    tell: async () => {
      writeFileSync(signal, '')
      while (existsSync(signal)) await setTimeout(5)
    },
    break: (how) => {
      if (how === 'missing') rmSync(path)
      else chmodSync(path, 0o644)
    },
  }
}

function scriptOf(folder: string, action: string): string {
  return [
    '#!/bin/sh',
    `folder='${folder}'`,
    `runtime='${runtimePath()}'`,
    'await() { while [ -e "$folder" ] && [ ! -e "$folder/told" ]; do sleep 0.02; done; }',
    'did() { rm -f "$folder/told"; }',
    action,
    '',
  ].join('\n')
}

/** The executable that comes with the Agent SDK. */
export function runtimePath(): string {
  const sdk = createRequire(import.meta.resolve('@anthropic-ai/claude-agent-sdk'))
  const { platform, arch } = process
  return sdk.resolve(`@anthropic-ai/claude-agent-sdk-${platform}-${arch}/claude`)
}
