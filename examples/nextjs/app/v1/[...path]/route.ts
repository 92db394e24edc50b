// app/v1/[...path]/route.ts of a Next.js app: clients get its address as their base URL.
import { createProxy, type Proxy } from 'claude-sub-proxy'

export const runtime = 'nodejs'
export const dynamic = 'force-dynamic'

// Next.js may load this file again while it develops; one proxy is enough.
const shared = globalThis as { claudeProxy?: Promise<Proxy> }

async function handle(request: Request): Promise<Response> {
  const proxy = await (shared.claudeProxy ??= createProxy())
  return proxy.fetch(request)
}

export { handle as DELETE, handle as GET, handle as POST }
