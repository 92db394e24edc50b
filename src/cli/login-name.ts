/** What a login is by, as the runtime tells it. */
type Login = { readonly source: string; readonly provider?: string }

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

/** What people call a login; the runtime's own word where it is not known. */
export function nameOfLogin({ source, provider = '' }: Login): string {
  const known = PROVIDERS[provider] ?? SOURCES[source]
  if (known !== undefined) return known
  return provider === '' || provider === 'firstParty' ? source : `${source} (${provider})`
}
