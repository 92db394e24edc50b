import { execFile } from 'node:child_process'
import { accessSync, constants, cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { ROOT } from '../../support/project.ts'

const run = promisify(execFile)

test('before the build, the command says that it is not built', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clone-'))
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: Record<string, string>
  }
  const command = join(folder, bin['claude-sub-proxy'] ?? '')
  // npx makes it executable on its first call only.
  accessSync(command, constants.X_OK)
  await expect(run(process.execPath, [command, '--version'], { env: {} })).rejects.toMatchObject({
    code: 1,
    stderr: 'claude-sub-proxy: not built yet: run npm run build in the clone\n',
  })
})
