/** A JSON Schema that is an object. */
export type Schema = { [keyword: string]: unknown }

/**
 * Converts a schema for OpenAI into one that the API accepts for structured outputs and strict
 * tools.
 *
 * The API requires closed objects, and supports neither bounds of values nor keywords such as `not`
 * and `if`. An object that does not mention other properties is closed. An unsupported keyword
 * becomes part of the description, as in the official SDK: the model still reads it, but the API
 * does not enforce it. `oneOf` becomes `anyOf`. Everything else stays unchanged.
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
export function outputSchema(schema: Schema): Schema {
  const kept: Schema = {}
  const described: string[] = []
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$schema' || keyword === 'oneOf') continue
    if (isRefused(keyword, value)) described.push(`${keyword}: ${JSON.stringify(value)}`)
    else kept[keyword] = NESTED.get(keyword)?.(value) ?? value
  }
  if (schema['oneOf'] !== undefined) addOneOf(kept, withinSchemas(schema['oneOf']))
  if (isObjectType(schema['type'])) kept['additionalProperties'] ??= false
  if (described.length > 0) {
    const text = typeof kept['description'] === 'string' ? `${kept['description']}\n\n` : ''
    kept['description'] = `${text}{${described.join(', ')}}`
  }
  return kept
}

/** If there is an `anyOf` as well, both must hold. */
function addOneOf(schema: Schema, options: unknown): void {
  if (schema['anyOf'] === undefined) schema['anyOf'] = options
  else schema['allOf'] = [...asList(schema['allOf']), { anyOf: options }]
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * Whether a schema allows an object to have unnamed properties. The API can't enforce such a
 * schema, and closing it would empty a dictionary.
 */
export function isOpen(schema: Schema): boolean {
  const { type, properties, additionalProperties: others } = schema
  if (others !== undefined && others !== false) return true
  if (isObjectType(type) && others === undefined && !hasAny(properties)) return true
  return nestedSchemas(schema).some(isOpen)
}

function hasAny(properties: unknown): boolean {
  return isSchema(properties) && Object.keys(properties).length > 0
}

function nestedSchemas(schema: Schema): Schema[] {
  const lists = ['anyOf', 'oneOf', 'allOf', 'items'].flatMap((keyword) => schema[keyword])
  const named = ['properties', '$defs', 'definitions'].flatMap((keyword) =>
    isSchema(schema[keyword]) ? Object.values(schema[keyword]) : [],
  )
  return [...lists, ...named].filter(isSchema)
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
  'prefixItems',
  'additionalItems',
  'unevaluatedItems',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'not',
  'if',
  'then',
  'else',
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
  // A list is a tuple, in older drafts.
  if (keyword === 'items') return Array.isArray(value)
  if (keyword === 'format') return typeof value === 'string' && !FORMATS.has(value)
  return REFUSED.has(keyword)
}

/** The keywords that contain further schemas. */
const NESTED = new Map<string, (value: unknown) => unknown>([
  ['properties', withinNamed],
  ['$defs', withinNamed],
  ['definitions', withinNamed],
  ['items', within],
  ['additionalProperties', within],
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
