/**
 * Commands to copy, for the user's shell: PowerShell on Windows, a POSIX shell on other systems.
 */

type Platform = NodeJS.Platform

/** A text as one word, quoted if necessary. */
export function shellQuoted(text: string, platform: Platform): string {
  if (platform === 'win32') {
    return /^[\w.:\\/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`
  }
  return /^[\w./@:+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** A program by its path, with arguments. */
export function programCall(path: string, args: string, platform: Platform): string {
  const word = shellQuoted(path, platform)
  // PowerShell needs `&` to call a quoted path.
  return `${platform === 'win32' && word !== path ? '& ' : ''}${word} ${args}`
}

/** Assignments of variables, for use before a command or alone. */
export function variablesSet(
  variables: Readonly<Record<string, string>>,
  platform: Platform,
): string {
  const entries = Object.entries(variables)
  return platform === 'win32'
    ? entries.map(([name, value]) => `$env:${name}='${value.replaceAll("'", "''")}'`).join('; ')
    : entries.map(([name, value]) => `${name}=${shellQuoted(value, platform)}`).join(' ')
}

/** A command that runs without a variable. */
export function withoutVariable(name: string, command: string, platform: Platform): string {
  return platform === 'win32' ? `Remove-Item Env:${name}; ${command}` : `env -u ${name} ${command}`
}

/** A command that shows which program listens on a port. */
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

/** How to get permission for a path, or to make a file executable. */
export function permissionFix(path: string, right: 'write' | 'run', platform: Platform): string {
  const word = shellQuoted(path, platform)
  if (platform === 'win32') return `icacls ${word} /grant "\${env:USERNAME}:F"`
  return right === 'run' ? `chmod +x ${word}` : `chown or chmod ${word}`
}
