import { describe, expect, it } from 'vitest'
import { parseConfigText } from './file.ts'

function valueOf(line: string): string | undefined {
  return parseConfigText(line, 'config.txt').entries[0]?.value
}

it('keys and values are returned with their line numbers', () => {
  const text =
    '\uFEFF# a comment\n\nport = 1\r\n   # another\r\n  host=a.example  \rqueue_limit =2\n'
  expect(parseConfigText(text, 'config.txt').entries).toEqual([
    { key: 'port', value: '1', line: 3 },
    { key: 'host', value: 'a.example', line: 5 },
    { key: 'queue_limit', value: '2', line: 6 },
  ])
})

it('a repeated key is kept, for the reader to warn about', () => {
  const { entries } = parseConfigText('port = 1\nport = 2', 'config.txt')
  expect(entries.map(({ value }) => value)).toEqual(['1', '2'])
})

describe('a value', () => {
  it.each([
    ['key = a # comment', 'a'],
    ['key = a # comment\u2028still', 'a'],
    ['key = a\u2029b', 'a\u2029b'],
    ['key = "a" # comment\u2028still', 'a'],
    ['key = a\t#comment', 'a'],
    ['key = a#b', 'a#b'],
    ['key = a = b', 'a = b'],
    ['key = say "hi"', 'say "hi"'],
    ['key = C:\\new\\table', 'C:\\new\\table'],
    ['key =', ''],
    ['key = # comment', ''],
    ['key = ""', ''],
    ['key = "a # b"', 'a # b'],
    ['key = " a "   # comment', ' a '],
    ['key = "line\\nnext\\ttab \\"quoted\\" \\\\n"', 'line\nnext\ttab "quoted" \\n'],
  ])('is read from %j', (line, value) => {
    expect(valueOf(line)).toBe(value)
  })

  it.each(['key = "open', 'key = "a" b', 'key = "a"#', 'key = "\\x"', 'key = "open\\"', 'key = "'])(
    'in wrong quotes is refused: %j',
    (line) => {
      expect(parseConfigText(line, 'config.txt')).toEqual({
        entries: [],
        problems: [expect.stringMatching(/^config\.txt:1: key: a value that starts with "/)],
      })
    },
  )
})

describe('a line of another form', () => {
  it.each(['port', 'port: 1', '= 1', 'two words = 1', '"port" = 1'])(
    '%j is a problem, and the other lines are read',
    (line) => {
      expect(parseConfigText(`\n${line}\nport = 1`, 'a/b.txt')).toEqual({
        entries: [{ key: 'port', value: '1', line: 3 }],
        problems: ['a/b.txt:2: this line does not have the form: key = value'],
      })
    },
  )

  it('is not shown, because it may hold a secret', () => {
    for (const line of ['proxy_api_key: hush', 'proxy_api_key = "hush']) {
      const { problems } = parseConfigText(line, 'config.txt')
      expect(problems).toEqual([expect.stringMatching(/^(?!.*hush)/)])
    }
  })
})
