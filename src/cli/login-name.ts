/** A login, from the runtime's report. */
export type Login = {
  readonly source: string
  readonly provider?: string
  readonly email?: string
  readonly organization?: string
  readonly plan?: string
}

const PROVIDERS: Readonly<Record<string, string>> = {
  bedrock: 'Amazon Bedrock',
  vertex: 'Google Vertex AI',
  foundry: 'Microsoft Foundry',
}

const SOURCES: Readonly<Record<string, string>> = {
  'claude.ai': 'claude.ai login',
  oauth_token: 'subscription token',
  api_key: 'API key',
}

/** A login in words, with the facts that may be shown. */
export function describeLogin(
  login: Login,
  shown: readonly ('email' | 'organization' | 'plan')[],
): string {
  const facts = shown.map((fact) => {
    const value = login[fact]
    return fact === 'plan' && value !== undefined ? `plan ${value}` : value
  })
  return [nameOf(login), ...facts.filter((fact) => fact !== undefined)].join(', ')
}

/** The usual name of a kind of login; the runtime's own word for an unknown kind. */
function nameOf({ source, provider = '' }: Login): string {
  const known = PROVIDERS[provider] ?? SOURCES[source]
  if (known !== undefined) return known
  return provider === '' || provider === 'firstParty' ? source : `${source} (${provider})`
}
