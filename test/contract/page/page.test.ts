import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import axe, { type AxeResults, type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error, events, message } from '../../support/answers.ts'
import { type Browser, HAS_BROWSER, startBrowser } from '../../support/browser.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage, toolUseMessage, usage } from '../../support/messages.ts'
import { planHeaders } from '../../support/plan-headers.ts'
import { makeSandbox, NO_LOGIN, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

if (!HAS_BROWSER) console.warn('There is no Chromium (CHROMIUM_PATH): the page is not tested.')

/** The folder for pictures of the page, for a person to look at. */
const SHOTS = process.env['PAGE_SHOTS']

let browser: Browser
let standin: Standin

beforeAll(async () => {
  if (!HAS_BROWSER) return
  standin = await startStandin()
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.close()
  await standin?.close()
})

/** A page that records its requests and its errors. */
async function openPage(
  url: string,
  context = browser.context,
): Promise<{ page: Page; asked: string[]; wrong: string[] }> {
  const page = await context.newPage()
  const [asked, wrong]: [string[], string[]] = [[], []]
  page.on('request', (request) => asked.push(request.url()))
  page.on('pageerror', (cause) => wrong.push(cause.message))
  page.on('console', (line) => {
    if (line.type() === 'error') wrong.push(line.text())
  })
  await page.setViewportSize({ width: 1120, height: 900 })
  await page.goto(url)
  return { page, asked, wrong }
}

function text(page: Page, id: string): Promise<string> {
  return page.locator(`#${id}`).innerText()
}

/** Resolves when the page shows this text. */
function says(page: Page, id: string, what: string): Promise<void> {
  return page.locator(`#${id}`, { hasText: what }).waitFor()
}

/** The findings of axe, a checker of accessibility. */
async function findings(page: Page, options: RunOptions): Promise<string[]> {
  if (await page.evaluate('window.axe === undefined')) await page.evaluate(axe.source)
  const run = `axe.run(${JSON.stringify({ ...options, resultTypes: ['violations'] })})`
  const { violations } = (await page.evaluate(run)) as AxeResults
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Only the rules about colours can have another result in the dark. */
async function expectAccessible(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await findings(page, {})).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await findings(page, { runOnly: ['color-contrast', 'link-in-text-block'] })).toEqual([])
  await page.emulateMedia({ colorScheme: null })
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return
  mkdirSync(SHOTS, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const [size, width] of [
      ['wide', 1120],
      ['phone', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({
        path: join(SHOTS, `${name}-${colorScheme}-${size}.png`),
        fullPage: true,
      })
    }
  }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize({ width: 1120, height: 900 })
}

/** The pixels by which the page is wider than the window. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** Names, ids and messages, which are the same in every language. */
const NOT_TRANSLATED =
  /^(?:\d+ ms|claude-sonnet-4-6|\d{3} \w+_error|req_\w+|Overloaded|Shell|Claude Code|Qwen Code|aider|Open WebUI|Python|TypeScript|Cursor, Cline, Zed|Codex|opencode|pi|Continue)$/

/** Texts and labels of the page that have English words, and no Chinese ones. */
function englishIn(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const found = []
    for (const node of document.body.querySelectorAll('*')) {
      if (node.closest('[translate="no"], script, noscript, pre, code')) continue
      const own = [...node.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      found.push(...own.map(({ data }) => data.trim()))
      found.push(...['aria-label', 'title'].map((name) => node.getAttribute(name) ?? ''))
    }
    return found.filter((text) => /[a-z]{2}/i.test(text) && !/\\p{Script=Han}/u.test(text))
  })()`)
}

/** Cards without content before the first request. */
const EMPTY_AT_FIRST = ['#latency-card', '#load-card', '#days-card']

const LOOK = { name: 'look', input_schema: { type: 'object' } }

describe.skipIf(!HAS_BROWSER)('the page of a proxy with a subscription', () => {
  let sandbox: Sandbox
  let proxy: Proxy
  let url: string
  let opened: Awaited<ReturnType<typeof openPage>>
  let page: Page
  let chinese: Page

  beforeAll(async () => {
    sandbox = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
    proxy = await createProxy({
      env: sandbox.env,
      host: '127.0.0.1',
      port: 0,
      maxProcesses: 2,
      // High, because a test shows windows that are nearly full and still in use.
      usageGuard: 0.98,
      stateFolder: join(sandbox.folder, 'state'),
    })
    ;({ url } = await proxy.listen())
    opened = await openPage(url)
    page = opened.page
  })

  afterAll(async () => {
    await proxy.close()
    sandbox.remove()
  })

  async function ask(messages: object[], fields: object = {}): Promise<Response> {
    return proxy.fetch('http://localhost/v1/messages', {
      method: 'POST',
      body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 100, messages, ...fields }),
    })
  }

  test('says that there were no requests yet', async () => {
    await says(page, 'state', 'It works.')
    expect(await text(page, 'login-who')).toBe('subscription token')
    expect(await text(page, 'today-requests')).toBe('0')
    expect(await text(page, 'turns-note')).toContain('No requests yet.')
    expect(await page.locator('#turns tr').count()).toBe(0)
    for (const card of EMPTY_AT_FIRST) {
      expect(await page.locator(card).isVisible(), card).toBe(false)
    }
    const clients = await page.locator('#clients').innerText()
    expect(clients).toContain(`ANTHROPIC_BASE_URL=${url} `)
    expect(clients).toContain(`OPENAI_BASE_URL=${url}/v1 `)
    expect(await page.locator('#main.loading').count()).toBe(0)
    await page.locator('#clients-shell').selectOption('powershell')
    expect(await page.locator('#clients').innerText()).toContain(
      `$env:ANTHROPIC_BASE_URL='${url}';`,
    )
    await page.locator('#clients-shell').selectOption('posix')
    expect(await page.locator('#network').isVisible()).toBe(false)
    await expectAccessible(page)
    await shoot(page, 'empty')
  })

  test('shows the numbers of turns, live', async () => {
    const question = { role: 'user', content: 'A secret question?' }
    const tokens = {
      input_tokens: 1000,
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 0,
      output_tokens: 250,
    }
    standin.reply(
      message(
        textMessage('A secret answer.', { usage: usage(tokens) }),
        planHeaders({ sevenDays: 0.78 }),
      ),
    )
    const first = (await (await ask([question])).json()) as { content: object[] }
    standin.reply(
      message(textMessage('Go on.', { usage: usage(tokens) }), planHeaders({ sevenDays: 0.78 })),
    )
    const second = [question, { role: 'assistant', content: first.content }, question]
    await (await ask(second)).text()
    standin.reply(message(toolUseMessage([{ id: 'toolu_1', name: 'look', input: {} }])))
    await (await ask([question], { tools: [LOOK] })).text()
    standin.reply(error(400, 'invalid_request_error', 'A secret reason.'))
    await (await ask([{ role: 'user', content: 'Wrong.' }])).text()
    await says(page, 'today-requests', '4')

    // Twice 1000 + 3000, and the stand-in's usual 21 + 34 + 12.
    expect(await text(page, 'today-input')).toBe('8,067')
    expect(await text(page, 'today-output')).toBe('555')
    expect(await text(page, 'today-errors')).toBe('1')
    // 2,021 fresh, 6,034 cached, 12 written and 555 out, at the prices of Sonnet 4.6.
    expect(await text(page, 'today-cost')).toBe('≈ $0.02')
    const plan = await text(page, 'plan')
    expect(plan).toMatch(
      /^5 hours\s+42 % · resets in (1 h|59 min)[^]*7 days\s+78 % · resets in (1 d|25 h)/,
    )
    expect(await text(page, 'plan-note')).toContain('once 98 % are used')
    const rows = await page.locator('#turns tr').allInnerTexts()
    const cells = rows.map((row) => row.split('\t').map((cell) => cell.trim()))
    expect(cells.map((row) => [row[0], ...row.slice(-2)])).toEqual([
      ['400 invalid_request_error', 'claude-sonnet-4-6', 'open'],
      ['ok', 'claude-sonnet-4-6', 'open'],
      ['ok', 'claude-sonnet-4-6', 'continue'],
      ['ok', 'claude-sonnet-4-6', 'open'],
    ])
    expect(cells[3]?.slice(4, 7)).toEqual(['4,000', '3,000', '250'])
    expect(await page.locator('#latency .chart .first').count()).toBe(3)
    // The list also has a turn that failed without an event.
    expect(await page.locator('#latency .chart .cross').count()).toBe(1)
    await says(page, 'models-table', 'claude-sonnet-4-6')
    for (const card of EMPTY_AT_FIRST) await page.locator(card).waitFor({ state: 'visible' })
    const colours = (await page.evaluate(
      "[...document.querySelectorAll('#turns .open')].map((button) => getComputedStyle(button).color)",
    )) as string[]
    // The turn that failed has another colour than the others.
    expect(new Set(colours).size).toBe(2)
    expect(colours.indexOf(colours[0] ?? '', 1)).toBe(-1)
    await says(page, 'days-note', 'not billed')
    // One, or two if a turn came before the process had settled.
    expect(await text(page, 'processes-legend')).toMatch(/idle [12]/)
    expect(await page.content()).not.toContain('secret')
  })

  test('opens a turn: its error, the fix, its ids', async () => {
    const open = page.locator('#turns button', { hasText: '400' })
    await open.focus()
    await page.keyboard.press('Enter')
    const detail = page.locator('#turns .detail')
    expect(await open.getAttribute('aria-expanded')).toBe('true')
    expect(await detail.innerText()).toMatch(/message\s+A secret reason\./)
    expect(await detail.innerText()).toMatch(/what to do\s+The request is wrong/)
    expect(await detail.innerText()).toMatch(/request id\s+req_/)
    await expectAccessible(page)
    await open.click()
    expect(await detail.count()).toBe(0)
  })

  test('filters the turns', async () => {
    await page.locator('#turns-outcome').selectOption('failed')
    expect(await page.locator('#turns tr:visible').count()).toBe(1)
    await says(page, 'turns-note', '1 of 4 turns match the filter.')
    await page.locator('#turns-outcome').selectOption('')
    await page.locator('#turns-lane').selectOption('continue')
    expect(await page.locator('#turns tr:visible').count()).toBe(1)
    await page.locator('#turns-lane').selectOption('')
    expect(await page.locator('#turns tr:visible').count()).toBe(4)
  })

  test('keeps an open row when other turns come, and stops while it is paused', async () => {
    const mark = 'document.querySelector("#turns tr:last-child").dataset.mark'
    await page.evaluate(`${mark} = 'kept'`)
    await page.locator('#turns-pause').click()
    await (await ask([{ role: 'user', content: 'One more.' }])).text()
    await says(page, 'turns-note', 'Paused: 1 newer turn.')
    expect(await page.locator('#turns tr').count()).toBe(4)
    await page.locator('#turns-pause').click()
    await page.locator('#turns tr').nth(4).waitFor()
    expect(await page.evaluate(mark)).toBe('kept')
  })

  test('forecasts when a window is full', async () => {
    standin.reply(message(textMessage('Used.'), planHeaders({ fiveHours: 0.93, sevenDays: 0.96 })))
    await (await ask([{ role: 'user', content: 'Much.' }])).text()
    await says(page, 'plan', 'At this rate it will be full at')
    await shoot(page, 'window-nearly-full')
  })

  test('tries a request: a streamed reply, its usage, and the request as code', async () => {
    await page.locator('#try-model').fill('claude-sonnet-4-6')
    await page.locator('#try-prompt').fill("It's a test.")
    standin.reply(message(textMessage('Streamed to the page.')))
    await page.locator('#try-form button:has-text("Ask")').click()
    await says(page, 'try-note', 'total')
    expect(await text(page, 'try-reply')).toBe('Streamed to the page.')
    expect(await text(page, 'try-note')).toContain('67 tokens in, 55 out · end_turn · req_')
    expect(await text(page, 'try-code')).toContain(String.raw`It'\''s a test.`)
    for (const [language, part] of [
      ['python', 'client.messages.stream('],
      ['typescript', `baseURL: '${url}'`],
      ['powershell', 'Invoke-RestMethod'],
    ] as const) {
      await page.locator('#try-language').selectOption(language)
      expect(await text(page, 'try-code')).toContain(part)
    }
    standin.reply(error(529, 'overloaded_error', 'Overloaded'))
    await page.locator('#try-form button:has-text("Ask")').click()
    await says(page, 'try-note', '529 overloaded_error')
    await expectAccessible(page)
  })

  test('follows the log while its section is open', async () => {
    await page.locator('#log-details summary').click()
    await says(page, 'log', 'open claude-sonnet-4-6 400 · error: A secret reason.')
    const before = await page.locator('#log li').count()
    await (await ask([{ role: 'user', content: 'A secret line?' }])).text()
    await page.locator('#log li').nth(before).waitFor()
    expect(await page.locator('#log li').last().innerText()).toMatch(
      /info \w+ claude.* 200 · first/,
    )
    expect(await text(page, 'log')).not.toContain('A secret line')
    await page.locator('#log-level').selectOption('problems')
    expect(await page.locator('#log li:visible').count()).toBeLessThan(before)
    await expectAccessible(page)
    await page.locator('#log-level').selectOption('')
    await shoot(page, 'log')
    await page.locator('#log-details summary').click()
    await (await ask([{ role: 'user', content: 'Not read.' }])).text()
    await says(page, 'today-requests', '10')
    expect(await page.locator('#log li').count()).toBe(before + 1)
  })

  test('names the addresses for other devices', async () => {
    const shown = await page.evaluate(
      `import('/page/network.js').then(({ showNetwork }) => {
        showNetwork(['http://192.168.1.20:42069'])
        return document.getElementById('network').innerText
      })`,
    )
    expect(shown).toMatch(/a phone[^]*http:\/\/192\.168\.1\.20:42069\s*copy/)
  })

  test('shows a reply in progress', async () => {
    const gate = makeGate()
    const [start, ...others] = eventsOf(textMessage('Held.'))
    if (start === undefined) throw new Error('A message without events.')
    standin.reply(events([start, gate.pass, ...others]))
    const asked = ask([{ role: 'user', content: 'Wait.' }], { stream: true })
    await says(page, 'processes-note', '1 in flight')
    await says(page, 'processes-legend', 'asking 1')
    await says(page, 'load-note', 'One request at a time.')
    await expectAccessible(page)
    await shoot(page, 'busy')
    gate.open()
    await (await asked).text()
    await says(page, 'processes-note', '0 in flight')
    await says(page, 'processes-legend', 'asking 0')
  })

  test('shows that the last turn failed', async () => {
    standin.reply(error(529, 'overloaded_error', 'Overloaded'))
    await (await ask([{ role: 'user', content: 'Again.' }])).text()
    await says(page, 'state', 'The last turn failed (529 overloaded_error).')
    expect(await page.locator('#state').getAttribute('data-level')).toBe('error')
    await page.locator('#turns button', { hasText: '529' }).first().click()
    await expectAccessible(page)
    await shoot(page, 'error')
    await page.locator('#turns button', { hasText: '529' }).first().click()
  })

  test('is in Chinese for a browser whose first language is Chinese', async () => {
    const { page: other, asked, wrong } = await openPage(url, await browser.contextIn('zh-CN'))
    chinese = other
    await says(chinese, 'state', '最近一次请求失败（529 overloaded_error）')
    expect(await chinese.locator('html').getAttribute('lang')).toBe('zh-CN')
    expect(await text(chinese, 'login-title')).toBe('登录与套餐')
    expect(await text(chinese, 'plan')).toMatch(/5 小时\s+93% · (1 小时|\d+ 分钟)后重置/)
    await chinese.locator('#turns button', { hasText: '529' }).first().click()
    await says(chinese, 'turns', 'API 或此代理繁忙')
    await says(chinese, 'models-table', '按 API 价格')
    const english = await englishIn(chinese)
    expect(english.filter((found) => !NOT_TRANSLATED.test(found))).toEqual([])
    await expectAccessible(chinese)
    await shoot(chinese, 'chinese')
    await chinese.setViewportSize({ width: 360, height: 740 })
    expect(await chinese.evaluate(OVERFLOW)).toBe(0)
    expect(wrong).toEqual([])
    const translation = `${url}/page/chinese.js`
    expect(asked).toContain(translation)
    expect(opened.asked).not.toContain(translation)
  })

  test('changes its language by keyboard, and remembers the choice', async () => {
    const titleIn = async (state: string) => {
      await says(chinese, 'state', state)
      return [
        await chinese.locator('html').getAttribute('lang'),
        await text(chinese, 'login-title'),
      ]
    }
    await chinese.reload()
    expect(await titleIn('最近一次请求失败')).toEqual(['zh-CN', '登录与套餐'])
    await chinese.keyboard.press('Tab')
    await chinese.keyboard.press('Enter')
    expect(await titleIn('The last turn failed')).toEqual(['en', 'Login and plan'])
    await chinese.reload()
    expect(await titleIn('The last turn failed')).toEqual(['en', 'Login and plan'])
    await chinese.keyboard.press('Tab')
    await chinese.keyboard.press('Enter')
    expect(await titleIn('最近一次请求失败')).toEqual(['zh-CN', '登录与套餐'])
    await chinese.context().close()
  })

  test('shows a running batch, which can be paused and resumed', async () => {
    // Batches leave a share of the plan to other requests, so its windows must have room.
    standin.reply(message(textMessage('A new window.'), planHeaders()))
    await (await ask([{ role: 'user', content: 'Room?' }])).text()
    await says(page, 'plan', '42 %')
    const gate = makeGate()
    const [start, ...others] = eventsOf(textMessage('One of many.'))
    if (start === undefined) throw new Error('A message without events.')
    standin.answer = () => events([start, gate.pass, ...others])
    const requests = Array.from({ length: 4 }, (_, index) => ({
      custom_id: `request-${index}`,
      params: {
        model: 'claude-sonnet-4-6',
        max_tokens: 100,
        messages: [{ role: 'user', content: `Number ${index}` }],
      },
    }))
    const created = await proxy.fetch('http://localhost/v1/messages/batches', {
      method: 'POST',
      body: JSON.stringify({ requests }),
    })
    expect(created.status).toBe(200)
    await says(page, 'batches', '0 of 4 succeeded')
    await says(page, 'batches-card', 'Batches stay on disk')
    await expectAccessible(page)
    await shoot(page, 'batch-running')
    await page.locator('#batches [data-verb="pause"]').click()
    await page.locator('#batches [data-verb="resume"]').waitFor()
    await says(page, 'batches', 'waits: it is paused')
    await page.locator('#batches [data-verb="resume"]').click()
    await page.locator('#batches [data-verb="pause"]').waitFor()
    gate.open()
    await page.locator('#batches-card').waitFor({ state: 'hidden' })
    standin.reset()
  })

  test('is dark if the user prefers that, and fits a phone', async () => {
    const background = () =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await background()).toBe('rgb(246, 245, 242)')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await background()).toBe('rgb(20, 19, 17)')
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate(OVERFLOW)).toBe(0)
    // Also a phone shows the outcome of each turn, and how long it took.
    const [outcome, time] = ['outcome', 'total'].map((label) =>
      page.locator(`#turns tr.turn:first-child td[data-label="${label}"]`),
    )
    expect(await outcome?.isVisible()).toBe(true)
    expect(await time?.isVisible()).toBe(true)
    await expectAccessible(page)
    await page.setViewportSize({ width: 1120, height: 900 })
  })

  test('made no request to another address, and its policy forbids them', async () => {
    expect(opened.asked.filter((asked) => !asked.startsWith(`${url}/`))).toEqual([])
    // The request that was refused on purpose.
    expect(opened.wrong.filter((line) => !line.includes('status of 529'))).toEqual([])
    const policy = (await fetch(url)).headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
  })

  test('shows that the proxy is gone', async () => {
    await proxy.close()
    await says(page, 'state', 'The proxy')
    expect(await page.locator('#state').getAttribute('data-level')).toBe('error')
    expect(await page.locator('#main.stale').count()).toBe(1)
    await shoot(page, 'gone')
  })
})

describe.skipIf(!HAS_BROWSER)('the page of a proxy with a key, and without a login', () => {
  const KEY = 'made-up-proxy-key-0123456789'
  let sandbox: Sandbox
  let proxy: Proxy
  let url: string
  let page: Page

  beforeAll(async () => {
    sandbox = makeSandbox(standin.url, NO_LOGIN)
    const keys = join(sandbox.folder, 'keys')
    writeFileSync(keys, 'ann = made-up-ann\nbob = made-up-bob models=claude-haiku-*\n')
    proxy = await createProxy({
      env: sandbox.env,
      host: '127.0.0.1',
      port: 0,
      proxyApiKey: KEY,
      keys,
    })
    ;({ url } = await proxy.listen())
    ;({ page } = await openPage(url))
  })

  afterAll(async () => {
    await proxy.close()
    sandbox.remove()
  })

  test('asks for the key, and shows nothing before it', async () => {
    await says(page, 'state', 'A key is required.')
    expect(await page.locator('#main').isVisible()).toBe(false)
    await expectAccessible(page)
    await shoot(page, 'key')
    await page.locator('#key').fill('another-key')
    await page.locator('#key-form button').click()
    await says(page, 'key-note', 'This key is not accepted.')
    expect(await page.locator('#key').getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator('#key').getAttribute('aria-describedby')).toBe('key-note')
    expect(await page.locator('#main').isVisible()).toBe(false)
  })

  test('then shows that nobody is logged in, and the fix', async () => {
    await page.locator('#key').fill(KEY)
    await page.locator('#key-form button').click()
    await says(page, 'state', 'Nobody is logged in.')
    expect(await text(page, 'login-how')).toContain('claude-sub-proxy login')
    await shoot(page, 'nobody')
  })

  test('keeps the key in its own tab', async () => {
    await page.reload()
    await says(page, 'state', 'Nobody is logged in.')
    expect(page.url()).toBe(`${url}/`)
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, ''])
    expect(await page.content()).not.toContain(KEY)
    const { page: another } = await openPage(url)
    await says(another, 'state', 'A key is required.')
  })

  test('shows usage and turns by the names of the keys', async () => {
    for (const key of ['made-up-ann', 'made-up-bob', 'made-up-bob']) {
      await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: JSON.stringify({
          model: 'claude-sonnet-4-6',
          max_tokens: 10,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
    }
    await says(page, 'keys-table', 'bob')
    const rows = await page.locator('#keys-table tbody tr').allInnerTexts()
    expect(rows.map((row) => row.split(/\s+/).slice(0, 3))).toEqual([
      ['bob', '2', '2'],
      ['ann', '1', '1'],
    ])
    await page.locator('#turns-key').selectOption('ann')
    await says(page, 'turns-note', '1 of 3 turns match the filter.')
    await page.locator('#turns .turn:visible').click()
    const [detail] = await page.locator('#turns .detail').allInnerTexts()
    expect(detail).toMatch(/key\s+ann/)
    // Another key may not read the error of ann's turn.
    expect(detail).not.toMatch(/^message/)
    await expectAccessible(page)
    await shoot(page, 'keys')
  })

  test('has no log, which may quote the requests of others', async () => {
    await page.locator('#log-details summary').click()
    await says(page, 'log-note', 'With several keys the log is not shown here')
    expect(await page.locator('#log li').count()).toBe(0)
  })

  test.each(['/v1/usage', '/v1/usage/stream', '/v1/log/stream', '/metrics', '/v1/models'])(
    'shows %s only with the key',
    async (path) => {
      expect((await fetch(`${url}${path}`)).status).toBe(401)
    },
  )
})
