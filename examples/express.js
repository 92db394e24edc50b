import { getRequestListener } from '@hono/node-server'
import { createProxy } from 'claude-sub-proxy'
import express from 'express'

const proxy = await createProxy()
const app = express()
// In front of express.json(), which would read the body before the proxy can.
app.use(
  '/claude',
  getRequestListener((request) => proxy.fetch(request)),
)
app.use(express.json())
app.get('/hello', (_request, response) => response.send('mine'))

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`http://localhost:${server.address().port}/claude`),
)
process.once('SIGTERM', () => {
  server.close()
  void proxy.close().then(() => process.exit(0))
})
