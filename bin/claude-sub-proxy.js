#!/usr/bin/env node
// npx keeps what it found of a command on its first call: so this file is there before the build,
// and no build takes away that it may be executed.
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) await import(main.href)
else {
  process.stderr.write('claude-sub-proxy: not built yet: run npm run build in the clone\n')
  process.exitCode = 1
}
