import { isMap } from '../values.ts'

/**
 * Translates the service of `docker-compose.yml` into options of `podman run`: permissions, folders
 * and variables. Ports are left out, because the caller provides the network.
 *
 * @param service parsed from YAML
 * @param values for `${NAME}`, `${NAME:-default}` and `${NAME:?text}`
 * @throws TypeError if the service has an unknown setting
 */
export function podmanOptions(
  service: unknown,
  values: Readonly<Record<string, string>>,
): string[] {
  if (!isMap(service)) throw new TypeError('This is no service')
  return Object.entries(service).flatMap(([name, value]) => {
    switch (name) {
      case 'build':
      case 'image':
      case 'restart':
      case 'ports':
      case 'env_file':
        return []
      case 'init':
        return value === true ? ['--init'] : []
      case 'stop_grace_period':
        return ['--stop-timeout', String(Number.parseInt(textOf(value, values), 10))]
      case 'user':
        return ['--user', textOf(value, values)]
      case 'read_only':
        return value === true ? ['--read-only'] : []
      case 'environment':
        if (!isMap(value)) throw new TypeError('environment is no map')
        return Object.entries(value).flatMap(([variable, text]) => [
          '--env',
          `${variable}=${textOf(text, values)}`,
        ])
      case 'volumes':
        return listOf(value, values).flatMap((text) => ['--volume', text])
      case 'tmpfs':
        return listOf(value, values).flatMap((text) => ['--tmpfs', text])
      case 'cap_drop':
        return listOf(value, values).flatMap((text) => ['--cap-drop', text])
      case 'security_opt':
        // podman expects this option without a value.
        return listOf(value, values).flatMap((text) => [
          '--security-opt',
          text.replace(/:true$/, ''),
        ])
      default:
        throw new TypeError(`docker-compose.yml: ${name} is not known here`)
    }
  })
}

function listOf(value: unknown, values: Readonly<Record<string, string>>): string[] {
  if (!Array.isArray(value)) throw new TypeError('This is no list')
  return value.map((each) => textOf(each, values))
}

function textOf(value: unknown, values: Readonly<Record<string, string>>): string {
  return String(value).replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, kind: string | undefined, text: string) => {
      const given = values[name]
      if (given !== undefined) return given
      if (kind === '-') return text
      throw new TypeError(`${name} is not set`)
    },
  )
}
