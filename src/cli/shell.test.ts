import { describe, expect, test } from 'vitest'

import {
  portOwner,
  programCall,
  permissionFix,
  shellQuoted,
  variablesSet,
  withoutVariable,
} from './shell.ts'

describe('in a POSIX shell', () => {
  test('a path is quoted if it needs to be', () => {
    expect(shellQuoted('/opt/claude', 'linux')).toBe('/opt/claude')
    expect(shellQuoted("/my folder/it's", 'darwin')).toBe(String.raw`'/my folder/it'\''s'`)
  })

  test('variables stand before a command', () => {
    expect(variablesSet({ A: 'x', B: 'y z' }, 'linux')).toBe("A=x B='y z'")
    expect(withoutVariable('A', 'program', 'linux')).toBe('env -u A program')
  })

  test('the owner of a port is found with a command of the system', () => {
    expect(portOwner(80, 'linux')).toBe('ss -ltnp sport = :80')
    expect(portOwner(80, 'darwin')).toBe('lsof -nP -iTCP:80 -sTCP:LISTEN')
  })

  test('rights are given with chmod', () => {
    expect(permissionFix('/opt/claude', 'run', 'linux')).toBe('chmod +x /opt/claude')
  })
})

describe('in PowerShell', () => {
  test('a path with blanks is called, not printed', () => {
    const path = String.raw`C:\Program Files\claude.exe`
    expect(programCall(path, 'auth status', 'win32')).toBe(`& '${path}' auth status`)
    expect(programCall(String.raw`C:\claude.exe`, '-v', 'win32')).toBe(String.raw`C:\claude.exe -v`)
  })

  test('quotes in a path are doubled', () => {
    expect(shellQuoted("it's", 'win32')).toBe("'it''s'")
  })

  test('variables are set on lines of their own', () => {
    expect(variablesSet({ A: 'x', B: 'y z' }, 'win32')).toBe("$env:A='x'; $env:B='y z'")
    expect(withoutVariable('A', 'program', 'win32')).toBe('Remove-Item Env:A; program')
  })

  test('no command of a POSIX system is named', () => {
    const commands = [
      portOwner(80, 'win32'),
      permissionFix('C:\\x', 'write', 'win32'),
      permissionFix('C:\\x', 'run', 'win32'),
    ]
    for (const command of commands) expect(command).not.toMatch(/lsof|^ss|chmod|chown/)
  })
})
