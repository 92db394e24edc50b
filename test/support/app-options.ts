import type { AppOptions } from '../../src/http/app.ts'
import { REPLY, source } from './source.ts'

/** Options with which the routes answer without a runtime: every reply says Hi. */
export function appOptions(): AppOptions {
  return {
    version: '1.2.3',
    keyRing: undefined,
    corsOrigins: [],
    allowedHosts: [],
    isOpenToNetwork: false,
    authStatus: () => Promise.resolve({ authenticated: true }),
    modelOf: (name = 'made-up') => name,
    models: () => Promise.resolve([]),
    countTokens: () => Promise.resolve(0),
    usage: () => ({}),
    watchOverview: () => source([]).events,
    watchLog: () => source([]).events,
    metrics: () => Promise.resolve({ text: '', contentType: 'text/plain' }),
    rateLimits: () => undefined,
    ask: () => Promise.resolve(source(REPLY).events),
    maxBodySize: 1000,
    pingInterval: 10_000,
    firstEventTimeout: 60_000,
    onError: () => {},
    onLeftOut: () => {},
  }
}
