import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type BrowserContext, chromium } from 'playwright-core'

/** Where Debian's package puts it. CHROMIUM_PATH names another one. */
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

export const HAS_BROWSER = existsSync(CHROMIUM)

/** No sandbox, for CI runs as root; and nothing that the browser would ask the network for by itself. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export type Browser = { context: BrowserContext; close: () => Promise<void> }

/** Starts a real Chromium with a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ARGUMENTS,
    // Of the environment of the tests only what a program needs.
    env: { PATH: process.env['PATH'] ?? '', HOME: profile, TMPDIR: profile },
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  return {
    context,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
