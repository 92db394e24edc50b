/**
 * Commands to copy, in the words of the shell that a user of a system has: PowerShell on Windows, a POSIX
 * shell elsewhere.
 */

type Platform = NodeJS.Platform

/** A text as one word; quoted only if it needs to be. */
export function shellQuoted(text: string, platform: Platform): string {
  if (platform === 'win32') {
    return /^[\w.:\\/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`
  }
  return /^[\w./@:+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** A program by its path, with arguments. */
export function programCall(path: string, args: string, platform: Platform): string {
  const word = shellQuoted(path, platform)
  // PowerShell takes a quoted text for a value, unless it is told to call it.
  return `${platform === 'win32' && word !== path ? '& ' : ''}${word} ${args}`
}

/** Settings of variables, to stand before a command or by themselves. */
export function variablesSet(
  variables: Readonly<Record<string, string>>,
  platform: Platform,
): string {
  const entries = Object.entries(variables)
  return platform === 'win32'
    ? entries.map(([name, value]) => `$env:${name}='${value.replaceAll("'", "''")}'`).join('; ')
    : entries.map(([name, value]) => `${name}=${shellQuoted(value, platform)}`).join(' ')
}

/** A command that runs without a variable that is set. */
export function withoutVariable(name: string, command: string, platform: Platform): string {
  return platform === 'win32' ? `Remove-Item Env:${name}; ${command}` : `env -u ${name} ${command}`
}

/** A command that names the program which listens on a port. */
export function portOwner(port: number, platform: Platform): string {
  switch (platform) {
    case 'win32':
      return `Get-Process -Id (Get-NetTCPConnection -LocalPort ${port} -State Listen).OwningProcess`
    case 'linux':
      return `ss -ltnp sport = :${port}`
    default:
      return `lsof -nP -iTCP:${port} -sTCP:LISTEN`
  }
}

/** How this user gets the right to a path, or a file the right to be run. */
export function rightsFix(path: string, right: 'write' | 'run', platform: Platform): string {
  const word = shellQuoted(path, platform)
  if (platform === 'win32') return `icacls ${word} /grant "\${env:USERNAME}:F"`
  return right === 'run' ? `chmod +x ${word}` : `chown or chmod ${word}`
}
