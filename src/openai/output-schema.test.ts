import { expect, test } from 'vitest'

import { outputSchema } from './output-schema.ts'

test('what the API takes stays as it is', () => {
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

test('objects that say nothing of other properties are closed, wherever they stand', () => {
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

test('bounds that the API refuses are told to the model', () => {
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

test('one of several is any of them', () => {
  expect(outputSchema({ oneOf: [{ type: 'string', maxLength: 3 }, { type: 'null' }] })).toEqual({
    anyOf: [{ type: 'string', description: '{maxLength: 3}' }, { type: 'null' }],
  })
})
