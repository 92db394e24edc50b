// A request as a program would send it.

/** Languages of the snippets, by the value of the page's choice. */
export const WRITERS = { curl, powershell, python, typescript }

function curl(body, { address, key }) {
  return [
    `curl ${address}/v1/messages \\`,
    `  -H 'x-api-key: ${key}' \\`,
    "  -H 'anthropic-version: 2023-06-01' \\",
    "  -H 'content-type: application/json' \\",
    `  -d '${JSON.stringify(body, undefined, 2).replaceAll("'", String.raw`'\''`)}'`,
  ].join('\n')
}

function powershell(body, { address, key }) {
  return [
    "$body = @'",
    JSON.stringify(body, undefined, 2),
    "'@",
    `Invoke-RestMethod ${address}/v1/messages -Method Post -Body $body \``,
    "  -ContentType 'application/json; charset=utf-8' `",
    `  -Headers @{ 'x-api-key' = '${key}'; 'anthropic-version' = '2023-06-01' }`,
  ].join('\n')
}

function python({ stream, ...body }, { address, key }) {
  const fields = Object.entries(body).map(([name, value]) => `    ${name}=${pythonOf(value, 4)},`)
  const head = [
    'from anthropic import Anthropic',
    '',
    `client = Anthropic(base_url="${address}", api_key="${key}")`,
  ]
  if (!stream)
    return [
      ...head,
      'message = client.messages.create(',
      ...fields,
      ')',
      'print(message.content)',
    ].join('\n')
  return [
    ...head,
    'with client.messages.stream(',
    ...fields,
    ') as stream:',
    '    for text in stream.text_stream:',
    '        print(text, end="", flush=True)',
  ].join('\n')
}

/** JSON as Python writes it. */
function pythonOf(value, indent) {
  const pad = ' '.repeat(indent + 4)
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const parts = Array.isArray(value)
    ? value.map((part) => pythonOf(part, indent + 4))
    : Object.entries(value).map(
        ([name, part]) => `${JSON.stringify(name)}: ${pythonOf(part, indent + 4)}`,
      )
  if (parts.length === 0) return open + close
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join('')}${' '.repeat(indent)}${close}`
}

function typescript({ stream, ...body }, { address, key }) {
  const fields = JSON.stringify(body, undefined, 2)
  const head = [
    "import Anthropic from '@anthropic-ai/sdk'",
    '',
    `const client = new Anthropic({ baseURL: '${address}', apiKey: '${key}' })`,
  ]
  if (!stream)
    return [
      ...head,
      `const message = await client.messages.create(${fields})`,
      'console.log(message.content)',
    ].join('\n')
  return [
    ...head,
    `const stream = client.messages.stream(${fields})`,
    "stream.on('text', (text) => process.stdout.write(text))",
    'await stream.finalMessage()',
  ].join('\n')
}
