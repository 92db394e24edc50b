import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const JAVASCRIPT = 'text/javascript; charset=utf-8'

/** `script.js` is the first: it imports the others. */
const SCRIPTS = [
  'script.js',
  'access.js',
  'batches.js',
  'chinese.js',
  'client-settings.js',
  'clients.js',
  'dom.js',
  'format.js',
  'hints.js',
  'lanes.js',
  'language.js',
  'latency.js',
  'load.js',
  'log.js',
  'network.js',
  'outcomes.js',
  'plan.js',
  'prices.js',
  'processes.js',
  'snippets.js',
  'try.js',
  'turns.js',
  'usage.js',
]

/** The files of the page at `/`, by the path that they are served under. They hold no data. */
const FILES: Readonly<Record<string, { name: string; type: string }>> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/page/style.css': { name: 'style.css', type: 'text/css; charset=utf-8' },
  ...Object.fromEntries(SCRIPTS.map((name) => [`/page/${name}`, { name, type: JAVASCRIPT }])),
  '/page/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
}

export const PAGE_PATHS = Object.keys(FILES)

/** No resources of other origins, no inline code, no frames. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The response with a file of the page; `path` is one of `PAGE_PATHS`. */
export async function getPage(path: string): Promise<Response> {
  const file = FILES[path]
  if (file === undefined) throw new Error(`${path} is no file of the page.`)
  return new Response(await readFile(join(folder(), file.name), 'utf8'), {
    headers: {
      'content-type': file.type,
      'cache-control': 'no-cache',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  })
}

function folder(): string {
  const manifest = createRequire(import.meta.url).resolve('claude-sub-proxy/package.json')
  return join(dirname(manifest), 'assets', 'page')
}
