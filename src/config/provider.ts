import type { Environment } from './environment.ts'

/** The variables that select a cloud provider, with OpenTelemetry's names of the services. */
const SERVICES = [
  ['CLAUDE_CODE_USE_BEDROCK', 'aws.bedrock'],
  ['CLAUDE_CODE_USE_MANTLE', 'aws.bedrock'],
  ['CLAUDE_CODE_USE_VERTEX', 'gcp.vertex_ai'],
  ['CLAUDE_CODE_USE_FOUNDRY', 'azure.ai.inference'],
] as const

/** The service behind the runtime, as OpenTelemetry's `gen_ai.provider.name`. */
export function providerOf(env: Environment): string {
  return SERVICES.find(([variable]) => isOn(env[variable]))?.[1] ?? 'anthropic'
}

/** Whether the runtime takes a variable as switched on. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase())
}
