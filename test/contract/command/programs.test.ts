import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy } from '../../../src/proxy.ts'
import { type CommandEnd, endCommands, runCommand, runtimesIn } from '../../support/command.ts'
import { runCommandHere } from '../../support/command-here.ts'
import { makeSandbox, type Sandbox, leftIn } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

let standin: Standin
let sandbox: Sandbox

beforeAll(async () => {
  standin = await startStandin()
})

beforeEach(() => {
  standin.reset()
  sandbox = makeSandbox(standin.url)
})

afterEach(async () => {
  await endCommands(sandbox)
  sandbox.remove()
})

afterAll(() => standin.close())

function run(args: string[], env: Record<string, string> = {}): Promise<CommandEnd> {
  return runCommand({ args, env: { ...sandbox.env, ...env }, cwd: sandbox.workFolder })
}

function runHere(args: string[]): Promise<CommandEnd> {
  return runCommandHere({ args, env: sandbox.env, cwd: sandbox.workFolder })
}

/**
 * A program that sends a request by the variables for clients, prints the status, and ends with 7.
 */
const PROGRAM = `
  const { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key, OPENAI_BASE_URL: openai } = process.env
  const body = JSON.stringify({ max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] })
  const reply = await fetch(url + '/v1/messages', {
    method: 'POST', body, headers: { 'content-type': 'application/json', 'x-api-key': key },
  })
  const stranger = await fetch(url + '/v1/models')
  console.log(JSON.stringify({ url, openai, status: reply.status, stranger: stranger.status }))
  process.exitCode = 7
`

describe('run', () => {
  test('starts a proxy that only the program can use, and ends it afterwards', async () => {
    const end = await run(['run', '--port', '1', '--', process.execPath, '-e', PROGRAM])

    expect(end).toMatchObject({ code: 7, stderr: '' })
    const { url, openai, ...statuses } = JSON.parse(end.stdout) as Record<string, string>
    expect(statuses).toEqual({ status: 200, stranger: 401 })
    expect(openai).toBe(`${url}/v1`)
    expect(url).not.toBe(standin.url)
    expect(standin.messages).toHaveLength(1)
    expect(runtimesIn(sandbox.folder)).toEqual([])
    expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  test('uses a running server, and leaves it running', async () => {
    const proxy = await createProxy({ env: sandbox.env, host: '127.0.0.1', port: 0 })
    try {
      const { url, port } = await proxy.listen()
      const args = ['run', '--port', String(port), '--', process.execPath, '-e', PROGRAM]
      const end = await run(args)

      expect(end.code).toBe(7)
      expect(JSON.parse(end.stdout)).toMatchObject({ url, status: 200, stranger: 200 })
      expect((await fetch(`${url}/health`)).status).toBe(200)
    } finally {
      await proxy.close()
    }
  })

  test('reports a program that can not be started', async () => {
    expect(await runHere(['run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run --'),
    })
    const end = await runHere(['run', '--port', '1', '--', 'no-such-program'])
    expect(end).toMatchObject({ code: 1, stderr: expect.stringContaining('program not found') })
    expect(runtimesIn(sandbox.folder)).toEqual([])
  })
})

describe('selftest', () => {
  test('passes with the real runtime, calls no other address, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run(['selftest'])

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/^ok {7}/gm)).toHaveLength(8)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('Everything works on this machine.')
    expect(standin.requests).toEqual([])
    expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
    expect(existsSync(join(sandbox.env['HOME'] ?? '', '.local'))).toBe(false)
  })

  test('fails with a broken runtime', async () => {
    const path = join(sandbox.folder, 'not-claude')
    writeFileSync(path, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    const { code, stderr } = await runHere(['selftest', '--claude-path', path])
    expect(code).toBe(1)
    expect(stderr).toContain(path)
  })
})

/** Claude Code's settings. */
function settingsFile(): string {
  return join(sandbox.env['CLAUDE_CONFIG_DIR'] ?? '', 'settings.json')
}

describe('setup', () => {
  test("shows, writes and restores a client's file", async () => {
    writeFileSync(settingsFile(), '{"theme":"dark"}')
    const shown = await runHere(['setup', 'claude-code'])
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was written') })
    expect(readFileSync(settingsFile(), 'utf8')).toBe('{"theme":"dark"}')

    expect(await runHere(['setup', 'claude-code', '--write'])).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(JSON.parse(readFileSync(settingsFile(), 'utf8'))).toMatchObject({
      theme: 'dark',
      env: { ANTHROPIC_BASE_URL: 'http://localhost:42069' },
    })

    expect(await runHere(['setup', 'claude-code', '--undo'])).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(settingsFile(), 'utf8')).toBe('{"theme":"dark"}')
  })

  test('lists the clients, and suggests the nearest name', async () => {
    expect((await runHere(['setup'])).stderr).toContain('codex, opencode, claude-code')
    expect((await runHere(['setup', 'opncode'])).stderr).toContain('did you mean opencode?')
  })
})
