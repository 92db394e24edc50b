/** A JSON Schema that is an object. */
export type Schema = { [keyword: string]: unknown }

/**
 * A schema that the API takes for structured outputs and strict tools, from one that OpenAI takes.
 *
 * The API wants objects closed, and refuses keywords that bound a value. An object that says nothing
 * of other properties is closed. A bound becomes part of the description: the model still reads it,
 * but the API does not enforce it. Everything else stays as it is.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function outputSchema(schema: Schema): Schema {
  const kept: Schema = {}
  const bounds: string[] = []
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$schema') continue
    if (isRefused(keyword, value)) bounds.push(`${keyword}: ${JSON.stringify(value)}`)
    else if (keyword === 'oneOf') kept['anyOf'] = withinSchemas(value)
    else kept[keyword] = NESTED.get(keyword)?.(value) ?? value
  }
  if (isObjectType(schema['type'])) kept['additionalProperties'] ??= false
  if (bounds.length > 0) {
    const text = typeof kept['description'] === 'string' ? `${kept['description']}\n\n` : ''
    kept['description'] = `${text}{${bounds.join(', ')}}`
  }
  return kept
}

const REFUSED = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'maxItems',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
])

/** The formats of strings that the API knows. */
const FORMATS = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
])

function isRefused(keyword: string, value: unknown): boolean {
  if (keyword === 'minItems') return value !== 0 && value !== 1
  if (keyword === 'format') return typeof value === 'string' && !FORMATS.has(value)
  return REFUSED.has(keyword)
}

/** Where a schema has others in it. */
const NESTED = new Map<string, (value: unknown) => unknown>([
  ['properties', withinNamed],
  ['$defs', withinNamed],
  ['definitions', withinNamed],
  ['items', within],
  ['anyOf', withinSchemas],
  ['allOf', withinSchemas],
])

function within(value: unknown): unknown {
  return isSchema(value) ? outputSchema(value) : value
}

function withinSchemas(value: unknown): unknown {
  return Array.isArray(value) ? value.map(within) : value
}

function withinNamed(value: unknown): unknown {
  if (!isSchema(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, within(schema)]))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isObjectType(type: unknown): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object'))
}
