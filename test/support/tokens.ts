/** The parts of a request that are counted. */
export type Countable = {
  system?: string | { text: string }[]
  messages: { role: string; content: string | Record<string, unknown>[] }[]
  tools?: { name: string; description?: string; input_schema?: object }[]
}

/**
 * Counts tokens by a made-up rule that resembles the API's: a frame for the messages, a prompt for
 * tools if there are any, and a token for each word and each two characters of JSON. Equal requests
 * have equal counts, and the parts add up.
 */
export function tokensOf({ system = '', messages, tools = [] }: Countable): number {
  const systemTexts = typeof system === 'string' ? [system] : system.map(({ text }) => text)
  return (
    FRAME +
    sum(systemTexts.map(words)) +
    sum(messages.map(({ content }) => FRAME_OF_EACH + tokensIn(content))) +
    (tools.length > 0 ? PROMPT_FOR_TOOLS : 0) +
    sum(tools.map(tokensOfTool))
  )
}

const FRAME = 3
const FRAME_OF_EACH = 4
const PROMPT_FOR_TOOLS = 346

function tokensIn(content: string | Record<string, unknown>[]): number {
  if (typeof content === 'string') return words(content)
  return sum(content.map((block) => (typeof block['text'] === 'string' ? words(block['text']) : 0)))
}

type Tool = NonNullable<Countable['tools']>[number]

function tokensOfTool({ name, description = '', input_schema: schema = {} }: Tool): number {
  return words(name) + words(description) + Math.ceil(JSON.stringify(schema).length / 2)
}

function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
