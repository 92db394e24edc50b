import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type BrowserContext, chromium } from 'playwright-core'

import { LONGEST_WAIT } from './until.ts'

/** The path of Debian's package. CHROMIUM_PATH can name another one. */
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

export const HAS_BROWSER = existsSync(CHROMIUM)

/** No sandbox, because CI runs as root, and no network requests of the browser itself. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export type Browser = {
  context: BrowserContext
  /** A context of its own, for a user whose first language is this one. */
  contextIn: (locale: string) => Promise<BrowserContext>
  close: () => Promise<void>
}

/**
 * Starts a real Chromium with a temporary profile. Its own time limit of 30 s is too short for a busy
 * machine: the one of the test decides.
 */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ARGUMENTS,
    // Only the variables that a program needs.
    env: { PATH: process.env['PATH'] ?? '', HOME: profile, TMPDIR: profile },
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  context.setDefaultTimeout(LONGEST_WAIT)
  return {
    context,
    contextIn: async (locale) => {
      const other = await context.browser()?.newContext({ locale, timezoneId: 'UTC' })
      if (other === undefined) throw new Error('Chromium has ended.')
      other.setDefaultTimeout(LONGEST_WAIT)
      return other
    },
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
