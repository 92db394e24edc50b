import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { makePrivateFolder, sweepPrivateFolders } from './private-folder.ts'

let temporary: string

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'private-folder-'))
  vi.stubEnv('TMPDIR', temporary)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(temporary, { recursive: true, force: true })
})

test('the folder is for this user alone, and is deleted with its content', async () => {
  const folder = await makePrivateFolder()
  expect(statSync(folder.path).mode & 0o777).toBe(0o700)
  const work = await folder.subfolder('work')
  writeFileSync(join(work, 'left'), 'made up')
  await folder.remove()
  expect(existsSync(folder.path)).toBe(false)
  await folder.remove()
})

test('a folder that can’t be deleted is reported, not thrown', async () => {
  const onProblem = vi.fn<(error: unknown) => void>()
  const folder = await makePrivateFolder(onProblem)
  // A file stands where its parent was: the system answers ENOTDIR.
  rmSync(temporary, { recursive: true })
  writeFileSync(temporary, '')
  await folder.remove()
  expect(onProblem.mock.calls).toMatchObject([[{ code: 'ENOTDIR' }]])
})

/** The folder of a process that was killed. */
function abandoned(name: string, owner: object): string {
  const path = join(temporary, name)
  mkdirSync(join(path, 'work'), { recursive: true })
  writeFileSync(join(path, 'owner.json'), JSON.stringify(owner))
  return path
}

/** The owner data of a folder of this process, but with the id of a process that has ended. */
async function goneOwner(): Promise<{ pid: number; host: string; namespace: string }> {
  const folder = await makePrivateFolder()
  const owner = readFileSync(join(folder.path, 'owner.json'), 'utf8')
  await folder.remove()
  const { pid } = spawnSync(process.execPath, ['--version'])
  return { ...(JSON.parse(owner) as { host: string; namespace: string }), pid }
}

describe('the sweep', () => {
  test('deletes folders of killed processes', async () => {
    const path = abandoned('claude-sub-proxy-killed', await goneOwner())
    expect(await sweepPrivateFolders()).toEqual([path])
    expect(existsSync(path)).toBe(false)
  })

  test('leaves folders in use, and those of other programs', async () => {
    const owner = await goneOwner()
    const kept = [
      (await makePrivateFolder()).path,
      abandoned('claude-sub-proxy-elsewhere', { ...owner, host: 'another-machine.example' }),
      abandoned('claude-sub-proxy-container', { ...owner, namespace: 'pid:[1]' }),
      abandoned('claude-sub-proxy-strange', { ...owner, pid: 'made up' }),
      abandoned('claude-sub-proxy-group', { ...owner, pid: -owner.pid }),
      abandoned('another-program-killed', owner),
    ]
    const bare = join(temporary, 'claude-sub-proxy-bare')
    mkdirSync(bare)
    const linked = join(temporary, 'claude-sub-proxy-linked')
    symlinkSync(kept.at(-1) ?? '', linked)
    expect(await sweepPrivateFolders()).toEqual([])
    for (const path of [...kept, bare, linked]) expect(existsSync(path)).toBe(true)
  })

  test('is no failure if the parent folder is missing', async () => {
    rmSync(temporary, { recursive: true })
    expect(await sweepPrivateFolders()).toEqual([])
  })
})
