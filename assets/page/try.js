import { ask, eventsIn, hasKey, messageIn } from './access.js'
import { byId, copyButton, element, say } from './dom.js'
import { duration, inputOf, number } from './format.js'
import { hintFor } from './hints.js'
import { t } from './language.js'
import { WRITERS } from './snippets.js'

let leaving

/** The request in the form. Throws an Error with the reason if it is not valid. */
function bodyOfForm() {
  const [system, prompt, tools] = ['try-system', 'try-prompt', 'try-tools'].map((id) =>
    byId(id).value.trim(),
  )
  return {
    model: byId('try-model').value.trim(),
    max_tokens: Number(byId('try-max').value) || 1000,
    ...(system !== '' && { system }),
    messages: [{ role: 'user', content: prompt }],
    ...(tools !== '' && { tools: toolsIn(tools) }),
    ...(byId('try-stream').checked && { stream: true }),
  }
}

function toolsIn(text) {
  let tools
  try {
    tools = JSON.parse(text)
  } catch (error) {
    throw new Error(t('The tools are not valid JSON: {reason}', { reason: error.message }), {
      cause: error,
    })
  }
  if (!Array.isArray(tools)) throw new Error(t('The tools must be a JSON array.'))
  return tools
}

async function send(event) {
  event.preventDefault()
  leaving?.abort()
  leaving = new AbortController()
  const startedAt = performance.now()
  const seen = { text: '', usage: {}, firstAt: undefined, stopReason: undefined }
  byId('try-reply').textContent = ''
  say('try-note', t('Waiting for the reply …'))
  byId('try-stop').hidden = false
  try {
    const response = await ask('/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify(bodyOfForm()),
      signal: leaving.signal,
    })
    const id = response.headers.get('request-id')
    if (!response.ok) throw await failureOf(response)
    if (response.headers.get('content-type')?.includes('event-stream')) {
      for await (const one of eventsIn(response.body)) take(one, seen, startedAt)
    } else {
      const message = await response.json()
      seen.firstAt = performance.now() - startedAt
      Object.assign(seen, { usage: message.usage, stopReason: message.stop_reason })
      for (const block of message.content) write(textOf(block))
    }
    say('try-note', summaryOf(seen, performance.now() - startedAt, id))
  } catch (error) {
    say('try-note', error.name === 'AbortError' ? t('Stopped.') : error.message)
  }
  byId('try-stop').hidden = true
}

async function failureOf(response) {
  const body = await response
    .clone()
    .json()
    .catch(() => undefined)
  const message = await messageIn(response)
  const facts = {
    outcome: 'error',
    status: response.status,
    error_type: body?.error?.type,
    error_message: message,
  }
  return new Error(
    `${response.status} ${facts.error_type ?? ''}: ${message.replace(/[.!?]?$/, '.')} ${hintFor(facts)}`,
  )
}

function take(event, seen, startedAt) {
  switch (event.type) {
    case 'message_start':
      seen.usage = event.message.usage
      for (const block of event.message.content) write(textOf(block))
      return
    case 'content_block_start':
      if (event.content_block.type === 'tool_use') write(callOf(event.content_block))
      return
    case 'content_block_delta':
      seen.firstAt ??= performance.now() - startedAt
      write(event.delta.text ?? event.delta.partial_json ?? '')
      return
    case 'message_delta':
      seen.usage = { ...seen.usage, ...event.usage }
      seen.stopReason = event.delta.stop_reason
      return
    case 'error':
      throw new Error(`${event.error.type}: ${event.error.message}`)
    default:
  }
}

function textOf(block) {
  if (block.type === 'text') return block.text
  return block.type === 'tool_use' ? `${callOf(block)}${JSON.stringify(block.input)}` : ''
}

function callOf({ name }) {
  return `\n${t('[calls {name}]', { name })} `
}

function write(text) {
  byId('try-reply').append(text)
}

function summaryOf({ usage, firstAt, stopReason }, total, id) {
  const counts = {
    input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    output_tokens: 0,
    ...usage,
  }
  return [
    firstAt === undefined
      ? undefined
      : t('first text after {duration}', { duration: duration(firstAt) }),
    t('{duration} total', { duration: duration(total) }),
    t('{input} tokens in, {output} out', {
      input: number(inputOf(counts)),
      output: number(counts.output_tokens),
    }),
    stopReason ?? undefined,
    id ?? undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' · ')
}

function showCode() {
  const target = { address: location.origin, key: hasKey() ? 'your-proxy-key' : 'unused' }
  let text
  try {
    text = WRITERS[byId('try-language').value](bodyOfForm(), target)
  } catch (error) {
    text = error.message
  }
  say('try-code', text)
}

/** Offers the models of the login. */
export async function offerModels() {
  const response = await ask('/v1/models?limit=100')
  if (!response.ok) return
  const { data } = await response.json()
  byId('try-models').replaceChildren(...data.map(({ id }) => element('option', { value: id })))
  if (byId('try-model').value === '') byId('try-model').value = data[0]?.id ?? ''
  showCode()
}

byId('try-form').addEventListener('submit', (event) => void send(event))
byId('try-form').addEventListener('input', showCode)
byId('try-stop').addEventListener('click', () => leaving?.abort())
byId('try-language').addEventListener('change', showCode)
byId('try-copy').append(copyButton(t('Copy the request'), () => byId('try-code').textContent))
showCode()
