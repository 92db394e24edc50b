import { z } from 'zod'

/*
 * The fields of Ollama's requests that are translated. `null` counts as absent.
 * Source: https://docs.ollama.com/api
 */

const object = z.looseObject({})

const toolCall = z.looseObject({
  id: z.string().nullish(),
  function: z.looseObject({ name: z.string(), arguments: z.union([object, z.string()]).nullish() }),
})

const message = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_name: z.string().nullish(),
  tool_call_id: z.string().nullish(),
})

const tool = z.looseObject({
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: object.nullish(),
  }),
})

const shared = {
  model: z.string(),
  stream: z.boolean().nullish(),
  format: z.union([z.string(), object]).nullish(),
  think: z.union([z.boolean(), z.string()]).nullish(),
  options: z
    .looseObject({
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      top_k: z.number().nullish(),
      num_predict: z.number().nullish(),
      stop: z.union([z.string(), z.array(z.string())]).nullish(),
    })
    .nullish(),
}

export const chatSchema = z.looseObject(
  { ...shared, messages: z.array(message), tools: z.array(tool).nullish() },
  'Input should be an object',
)

export const generateSchema = z.looseObject(
  {
    ...shared,
    prompt: z.string().nullish(),
    system: z.string().nullish(),
    images: z.array(z.string()).nullish(),
    suffix: z.string().nullish(),
  },
  'Input should be an object',
)

export const showSchema = z.looseObject(
  { model: z.string().nullish(), name: z.string().nullish() },
  'Input should be an object',
)

export type OllamaChat = z.infer<typeof chatSchema>
export type OllamaGenerate = z.infer<typeof generateSchema>
export type OllamaMessage = z.infer<typeof message>
