import { execFile } from 'node:child_process'

import { z } from 'zod'

import type { Launch } from '../process/runtime-process.ts'

/** Who the runtime is logged in as, in its own words. */
export type Account = {
  authenticated: boolean
  /** `claude.ai`, `oauth_token`, `api_key`, `third_party`, … or `none`. */
  source: string
  /** ISO 8601, where the runtime knows it. */
  expiresAt?: string
  /** `firstParty`, `bedrock`, `vertex`, … */
  provider?: string
  email?: string
  organization?: string
  /** `pro`, `max`, … */
  plan?: string
}

const answer = z.object({
  loggedIn: z.boolean(),
  authMethod: z.string(),
  apiProvider: z.string().nullish(),
  loginExpiresAt: z.union([z.string(), z.number()]).nullish(),
  email: z.string().nullish(),
  orgName: z.string().nullish(),
  subscriptionType: z.string().nullish(),
})

/**
 * Asks the runtime's own `auth status`. Nothing of the login is read here.
 *
 * @param launch what a process of the runtime is started from
 * @throws Error where the runtime can't be started or says something else
 */
export async function readAccount({ command, args, cwd, env }: Launch): Promise<Account> {
  // Where the executable is a script, the launch runs it with an interpreter.
  const script = args[0]?.startsWith('-') === false ? [args[0]] : []
  const output = await new Promise<string>((resolve, reject) => {
    const ask = [...script, 'auth', 'status', '--json']
    // It exits with 1 when no one is logged in, and says so on stdout.
    execFile(command, ask, { cwd, env, timeout: 15_000 }, (error, stdout) => {
      if (error && stdout === '') reject(error)
      else resolve(stdout)
    })
  })
  const told = answer.parse(JSON.parse(output))
  return {
    authenticated: told.loggedIn,
    source: told.authMethod,
    ...(told.loginExpiresAt && { expiresAt: new Date(told.loginExpiresAt).toISOString() }),
    ...(told.apiProvider && { provider: told.apiProvider }),
    ...(told.email && { email: told.email }),
    ...(told.orgName && { organization: told.orgName }),
    ...(told.subscriptionType && { plan: told.subscriptionType }),
  }
}
