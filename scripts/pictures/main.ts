/**
 * Makes the pictures of the README: the page, light and dark, and a recording of the terminal. They
 * come from a real run of `npm start`, with a stand-in for the API and a made-up login.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { startBrowser } from '../../test/support/browser.ts'
import { makeSandbox, SUBSCRIPTION_LOGIN } from '../../test/support/sandbox.ts'
import { askForPage, QUESTION } from './conversations.ts'
import { linesOf, type Line, type Written } from './screen.ts'
import { startPictureStandin } from './standin.ts'
import { renderTerminal } from './terminal-svg.ts'

const COLUMNS = 92
const URL_OF_PROXY = 'http://localhost:42069'
const CURL = `curl -s ${URL_OF_PROXY}/v1/messages -H 'content-type: application/json' -d '${JSON.stringify(QUESTION)}' | grep -o '"text":"[^"]*"'`

const packageUrl = import.meta.resolve('claude-sub-proxy/package.json')
const root = fileURLToPath(new URL('.', packageUrl))
const folder = fileURLToPath(new URL('docs/pictures/', packageUrl))
mkdirSync(folder, { recursive: true })

const standin = await startPictureStandin()
const sandbox = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
const env = {
  ...sandbox.env,
  TERM: 'xterm-256color',
  npm_config_update_notifier: 'false',
  // As on an ordinary machine, even if this one is a container.
  CSP_HOST: '127.0.0.1',
}

const startedAt = performance.now()
const written: Written[] = []
// util-linux's `script` gives the command a terminal.
const command = `stty cols ${COLUMNS} rows 40; exec npm start`
const server = spawn('script', ['-qefc', command, '/dev/null'], {
  cwd: root,
  env,
  stdio: ['pipe', 'pipe', 'inherit'],
})
server.stdout.setEncoding('utf8')

try {
  await untilWritten(/Ctrl-C stops/)
  await pause(1000)
  const banner = linesOf([...written])
  const askedAt = performance.now() - startedAt
  const { stdout } = await promisify(execFile)('sh', ['-c', CURL], { env })
  const answeredAt = performance.now() - startedAt
  const lines = [
    prompt('npm start', 0),
    ...withoutEmptyEnds(banner),
    { at: askedAt, spans: [] },
    ...wrapped(`$ ${CURL}`).map((text) => line(text, askedAt + 800, 'bold')),
    ...wrapped(stdout.trim()).map((text) => line(text, answeredAt + 1200, 'green')),
  ]
  writeFileSync(`${folder}terminal.svg`, renderTerminal(lines, COLUMNS))

  await askForPage(URL_OF_PROXY, standin)
  const browser = await startBrowser()
  const page = await browser.context.newPage()
  await page.setViewportSize({ width: 1120, height: 860 })
  await page.goto(URL_OF_PROXY)
  await page.locator('#turns tr').nth(5).waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.screenshot({ path: `${folder}page-${colorScheme}.png` })
  }
  await browser.close()
} finally {
  server.stdin.write('\u0003')
  await once(server, 'close')
  await standin.close()
  sandbox.remove()
}

async function untilWritten(pattern: RegExp): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (text: string) => {
      written.push({ at: performance.now() - startedAt, text })
      const all = written.map((piece) => piece.text).join('')
      if (/EADDRINUSE|in use/.test(all))
        reject(new Error('Port 42069 is in use: stop that server.'))
      if (pattern.test(all)) resolve()
    })
    server.once('close', () => reject(new Error('The server did not start.')))
  })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function prompt(text: string, at: number): Line {
  return line(`$ ${text}`, at, 'bold')
}

function line(text: string, at: number, classes: string): Line {
  return { at, spans: [{ text, classes }] }
}

function wrapped(text: string): string[] {
  return text.match(new RegExp(`.{1,${COLUMNS}}`, 'gs')) ?? []
}

function withoutEmptyEnds(lines: readonly Line[]): Line[] {
  const filled = lines.map(({ spans }) => spans.some(({ text }) => text.trim() !== ''))
  return lines.slice(filled.indexOf(true), filled.lastIndexOf(true) + 1)
}
