import { createRequire } from 'node:module'

const { version } = createRequire(import.meta.url)('claude-sub-proxy/package.json') as {
  version: string
}

/** This program's version, from its package.json. */
export const VERSION: string = version
