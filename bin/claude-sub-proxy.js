#!/usr/bin/env node
// npx caches at its first call where it found a command. So this file exists before the build, and
// no build changes its execute permission.
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) await import(main.href)
else {
  process.stderr.write('claude-sub-proxy: not built yet: run npm run build in the clone\n')
  process.exitCode = 1
}
