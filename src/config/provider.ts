import type { Environment } from './environment.ts'

/** Variables that send the runtime's requests to a cloud, with OpenTelemetry's names of the services. */
const SERVICES = [
  ['CLAUDE_CODE_USE_BEDROCK', 'aws.bedrock'],
  ['CLAUDE_CODE_USE_MANTLE', 'aws.bedrock'],
  ['CLAUDE_CODE_USE_VERTEX', 'gcp.vertex_ai'],
  ['CLAUDE_CODE_USE_FOUNDRY', 'azure.ai.inference'],
] as const

/** The service that answers, by the names that OpenTelemetry has for `gen_ai.provider.name`. */
export function providerOf(env: Environment): string {
  return SERVICES.find(([variable]) => isOn(env[variable]))?.[1] ?? 'anthropic'
}

/** Whether a variable of the runtime is switched on, as the runtime reads it. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase())
}
