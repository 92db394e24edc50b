import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/**
 * The variables that the runtime needs for each provider; one of several alternatives is enough.
 */
export const PROVIDERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  CLAUDE_CODE_USE_BEDROCK: [['AWS_REGION', 'AWS_DEFAULT_REGION']],
  CLAUDE_CODE_USE_VERTEX: [
    ['CLOUD_ML_REGION'],
    ['ANTHROPIC_VERTEX_PROJECT_ID', 'GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT'],
  ],
  CLAUDE_CODE_USE_FOUNDRY: [['ANTHROPIC_FOUNDRY_RESOURCE', 'ANTHROPIC_FOUNDRY_BASE_URL']],
}

/** Checks the variables that send requests to other addresses than Anthropic's API. */
export function checkProvider({ variables, api }: Pick<Facts, 'variables' | 'api'>): Finding {
  const name = 'provider'
  const chosen = Object.keys(PROVIDERS).filter((variable) => variables.has(variable))
  const [provider, other] = chosen
  if (provider !== undefined && other !== undefined) {
    return {
      name,
      level: 'warning',
      text: `${chosen.join(' and ')} are set: the runtime uses only one of them`,
      fix: 'Unset all but one.',
    }
  }
  if (provider !== undefined) {
    const missing = (PROVIDERS[provider] ?? []).filter(
      (names) => !names.some((each) => variables.has(each)),
    )
    if (missing.length === 0) return { name, level: 'ok', text: provider }
    return {
      name,
      level: 'warning',
      text: `${provider} is set, ${missing.map(([first]) => first).join(' and ')} not`,
      fix: `Set ${missing.map((names) => names.join(' or ')).join(', and ')}, unless a configuration file of the provider contains it.`,
    }
  }
  if (api.isOwn) {
    return {
      name,
      level: 'warning',
      text: `ANTHROPIC_BASE_URL (${api.origin}) is this server's own address, so the runtime ignores it`,
      fix: 'Set it only for clients.',
    }
  }
  return { name, level: 'ok', text: api.origin }
}
