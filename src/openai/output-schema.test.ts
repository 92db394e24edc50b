import { expect, test } from 'vitest'

import { isOpen, outputSchema } from './output-schema.ts'

test('a schema that the API accepts stays unchanged', () => {
  const schema = {
    type: 'object',
    title: 'Plan',
    properties: {
      city: { type: ['string', 'null'], enum: ['Oslo', null], default: 'Oslo' },
      when: { type: 'string', format: 'date-time' },
      stops: { type: 'array', items: { $ref: '#/$defs/stop' }, minItems: 1 },
      // A property may be named like a keyword.
      minimum: { anyOf: [{ type: 'integer' }, { const: 'none' }] },
    },
    required: ['city'],
    additionalProperties: false,
    $defs: { stop: { type: 'object', properties: {}, additionalProperties: false } },
  }
  expect(outputSchema(schema)).toEqual(schema)
})

test('objects that do not mention other properties are closed, in every place', () => {
  const open = { type: ['object', 'null'], properties: { a: { type: 'object' } } }
  const closed = {
    type: ['object', 'null'],
    properties: { a: { type: 'object', additionalProperties: false } },
    additionalProperties: false,
  }
  expect(
    outputSchema({ anyOf: [open], $defs: { x: open }, definitions: { y: open }, items: open }),
  ).toEqual({ anyOf: [closed], $defs: { x: closed }, definitions: { y: closed }, items: closed })
})

test('bounds that the API refuses move to the description', () => {
  expect(
    outputSchema({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'string',
      description: 'A name.',
      minLength: 1,
      pattern: '^a',
      format: 'regex',
    }),
  ).toEqual({
    type: 'string',
    description: 'A name.\n\n{minLength: 1, pattern: "^a", format: "regex"}',
  })
  expect(outputSchema({ type: 'array', minItems: 2 })).toEqual({
    type: 'array',
    description: '{minItems: 2}',
  })
})

test('oneOf becomes anyOf', () => {
  expect(outputSchema({ oneOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] })).toEqual({
    anyOf: [{ type: 'string', description: '{maxLength: 3}' }, { type: 'null' }],
  })
})

test('oneOf beside anyOf stays: both must hold', () => {
  expect(
    outputSchema({
      anyOf: [{ const: 1 }, { const: 2 }],
      oneOf: [{ const: 2 }, { type: 'integer', minimum: 3 }],
      allOf: [{ type: 'integer' }],
    }),
  ).toEqual({
    anyOf: [{ const: 1 }, { const: 2 }],
    allOf: [
      { type: 'integer' },
      { anyOf: [{ const: 2 }, { type: 'integer', description: '{minimum: 3}' }] },
    ],
  })
})

test('unknown keywords move to the description unchanged', () => {
  const not = { minLength: 5, type: 'object' }
  expect(
    outputSchema({
      type: 'array',
      prefixItems: [{ type: 'string' }],
      items: { not },
      if: { minItems: 2 },
      else: { maxItems: 3 },
    }),
  ).toEqual({
    type: 'array',
    items: { description: '{not: {"minLength":5,"type":"object"}}' },
    description: '{prefixItems: [{"type":"string"}], if: {"minItems":2}, else: {"maxItems":3}}',
  })
  expect(outputSchema({ type: 'array', items: [{ type: 'string' }] })).toEqual({
    type: 'array',
    description: '{items: [{"type":"string"}]}',
  })
})

test('the schema of additional properties is translated too', () => {
  expect(
    outputSchema({ type: 'object', additionalProperties: { type: 'object', minProperties: 1 } }),
  ).toEqual({
    type: 'object',
    additionalProperties: {
      type: 'object',
      description: '{minProperties: 1}',
      additionalProperties: false,
    },
  })
})

test.each<[string, object, boolean]>([
  ['a list of its properties', { type: 'object', properties: { a: { type: 'string' } } }, false],
  ['no properties, and closed', { type: 'object', additionalProperties: false }, false],
  ['no object', { type: 'string' }, false],
  ['nothing but that it is an object', { type: 'object' }, true],
  ['any properties', { properties: { a: {} }, additionalProperties: true }, true],
  ['values of a kind', { type: 'object', additionalProperties: { type: 'number' } }, true],
  ['a dictionary in a list', { type: 'array', items: { type: 'object' } }, true],
  ['a dictionary in a definition', { $defs: { a: { type: ['object', 'null'] } } }, true],
  ['a dictionary as one of several', { oneOf: [{ type: 'object' }] }, true],
])('a schema with %s: open is %j', (_, schema, open) => {
  expect(isOpen({ ...schema })).toBe(open)
})
