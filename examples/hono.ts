import { serve } from '@hono/node-server'
import { createProxy } from 'claude-sub-proxy'
import { Hono } from 'hono'

const proxy = await createProxy()
const app = new Hono()
app.get('/hello', (context) => context.text('mine'))
// The whole API of the proxy, below a path of its own.
app.mount('/claude', proxy.fetch)

const port = Number(process.env['PORT'] ?? 3000)
const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (info) =>
  console.log(`http://localhost:${info.port}/claude`),
)
process.once('SIGTERM', () => {
  server.close()
  void proxy.close().then(() => process.exit(0))
})
