import { describe, expect, it } from 'vitest'
import { listenHost } from './hosts.ts'
import { origins } from './origins.ts'
import { duration, percentage, size } from './quantities.ts'
import { boolean, choice, filePath, headerKey, integer, spacelessName } from './values.ts'

describe('integer', () => {
  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['0080', 80],
  ])('reads %s', (text, value) => {
    expect(integer(0, 65_535).parse(text)).toBe(value)
  })

  it.each(['65536', '-1', '+1', '1.5', '1e3', '0x10', 'abc', ' 1', '99999999999999999999'])(
    'refuses %j',
    (text) => {
      expect(integer(0, 65_535).parse(text)).toBeUndefined()
    },
  )

  it('refuses values that are not whole numbers within its bounds', () => {
    const { accepts } = integer(1, 8)
    expect([0, 1, 8, 9, 1.5, Number.NaN, '4', null].map(accepts)).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('boolean', () => {
  it.each(['true', 'YES', 'on', '1'])('reads %s as true', (text) => {
    expect(boolean.parse(text)).toBe(true)
  })

  it.each(['False', 'no', 'OFF', '0'])('reads %s as false', (text) => {
    expect(boolean.parse(text)).toBe(false)
  })

  it.each(['y', '2', 'enabled', 'tru'])('refuses %s', (text) => {
    expect(boolean.parse(text)).toBeUndefined()
  })
})

it('a choice is read in any case and kept in its own spelling', () => {
  const level = choice('level', ['INFO', 'DEBUG'])
  expect(level.parse('debug')).toBe('DEBUG')
  expect(level.parse('verbose')).toBeUndefined()
  expect(level.accepts('debug')).toBe(false)
})

describe('duration', () => {
  it.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['15', 15_000],
    ['1.5 s', 1500],
    ['5min', 300_000],
    ['5MIN', 300_000],
    ['1h', 3_600_000],
    ['0', 0],
    ['2147483647ms', 2_147_483_647],
  ])('reads %s as milliseconds', (text, value) => {
    expect(duration(0).parse(text)).toBe(value)
  })

  it.each(['-5s', 's', '5m', '5 days', '1min30s', '1e3', '.5s', '5.s', 'Infinity', 'NaN'])(
    'refuses %s',
    (text) => {
      expect(duration(0).parse(text)).toBeUndefined()
    },
  )

  it('refuses a value that is too long for a timer', () => {
    expect(duration(0).parse('2147483648ms')).toBeUndefined()
    expect(duration(0).parse('600h')).toBeUndefined()
  })

  it('refuses zero, also after rounding, if a wait is required', () => {
    expect(duration(1).parse('0s')).toBeUndefined()
    expect(duration(1).parse('0.1ms')).toBeUndefined()
    expect(duration(1).parse('1ms')).toBe(1)
  })
})

describe('size', () => {
  it.each([
    ['32mb', 33_554_432],
    ['512KB', 524_288],
    ['1.5 mb', 1_572_864],
    ['4096', 4096],
    ['4096b', 4096],
  ])('reads %s as bytes', (text, value) => {
    expect(size.parse(text)).toBe(value)
  })

  it.each(['32', '0', '-1mb', '32m', '32gb', 'mb', '9999999999999mb'])('refuses %s', (text) => {
    expect(size.parse(text)).toBeUndefined()
  })
})

describe('host', () => {
  it.each(['127.0.0.1', '::', 'fe80::1', 'localhost', 'my-box.example', 'my_service', 'box.'])(
    'takes %s as it is',
    (text) => {
      expect(listenHost.parse(text)).toBe(text)
      expect(listenHost.accepts(text)).toBe(true)
    },
  )

  it('takes the brackets off an IPv6 address', () => {
    expect(listenHost.parse('[::1]')).toBe('::1')
    expect(listenHost.accepts('[::1]')).toBe(false)
  })

  it.each(['localhost:80', 'http://localhost', '127.0.1', '256.1.1.1', 'a b', '-a', 'a..b', '*'])(
    'refuses %s',
    (text) => {
      expect(listenHost.parse(text)).toBeUndefined()
    },
  )
})

describe('origins', () => {
  it('reads a list in the spelling of the Origin header', () => {
    expect(
      origins.parse('https://App.example:443/, http://localhost:5173,chrome-extension://abcdef'),
    ).toEqual(['https://app.example', 'http://localhost:5173', 'chrome-extension://abcdef'])
  })

  it('reads * alone', () => {
    expect(origins.parse('*')).toEqual(['*'])
    expect(origins.parse('*, https://app.example')).toBeUndefined()
  })

  it.each([
    'https://app.example/path',
    'https://app.example?',
    'https://app.example#a',
    'https://user@app.example',
    'https://*.example',
    'app.example',
    'localhost:5173',
    'null',
    'file:///',
    'https://a.example,',
  ])('refuses %s', (text) => {
    expect(origins.parse(text)).toBeUndefined()
  })

  it('refuses a value that equals no Origin header', () => {
    expect(origins.accepts(['https://app.example'])).toBe(true)
    expect(origins.accepts(['https://App.example'])).toBe(false)
    expect(origins.accepts(['https://app.example/'])).toBe(false)
    expect(origins.accepts('https://app.example')).toBe(false)
  })
})

describe('texts', () => {
  it.each(['a b', 'a\tb', 'a\u0000', 'a\u007F', 'ключ', ' '])('refuses the key %j', (text) => {
    expect(headerKey.parse(text)).toBeUndefined()
  })

  it('accepts any printable ASCII as a key', () => {
    expect(headerKey.parse('sk-"#=%~')).toBe('sk-"#=%~')
  })

  it('accepts a model name of any length without spaces', () => {
    const name = 'arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude[1m]'
    expect(spacelessName.parse(name)).toBe(name)
    expect(spacelessName.parse('claude sonnet')).toBeUndefined()
  })

  it.each(['~', '~/work', '~\\work', 'C:\new', 'a\u0000b'])('refuses the path %j', (text) => {
    expect(filePath.parse(text)).toBeUndefined()
  })

  it.each(['/srv/my work', './~', '~name', 'C:\\new', 'a~'])('accepts the path %s', (text) => {
    expect(filePath.parse(text)).toBe(text)
  })
})

describe('percentage', () => {
  it.each([
    ['80%', 0.8],
    ['1 %', 0.01],
    ['99.5%', 0.995],
    ['100%', 1],
  ])('reads %s', (text, value) => {
    expect(percentage.parse(text)).toBe(value)
  })

  it.each(['80', '0%', '0.5%', '101%', '-5%', '%', 'x%', '0.8'])('refuses %j', (text) => {
    expect(percentage.parse(text)).toBeUndefined()
  })

  it('returns fractions', () => {
    expect([0.01, 0.8, 1, 0, 80, '80%', Number.NaN].map(percentage.accepts)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
