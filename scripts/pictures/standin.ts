import { message } from '../../test/support/answers.ts'
import { textMessage, usage } from '../../test/support/messages.ts'
import { planHeaders } from '../../test/support/plan-headers.ts'
import { type Standin, startStandin } from '../../test/support/standin.ts'

/** A stand-in with the token counts and the plan of an ordinary day. All numbers are made up. */
export async function startPictureStandin(): Promise<Standin> {
  const standin = await startStandin()
  standin.answer = ({ body }, index) =>
    message(
      textMessage('Hello! How can I help you today?', {
        model: body.model,
        usage: usage({
          input_tokens: 180 + 40 * index,
          cache_read_input_tokens: 2400 * index,
          cache_creation_input_tokens: 0,
          output_tokens: 60 + 25 * index,
        }),
      }),
      planHeaders({ fiveHours: 0.38 + 0.01 * index, sevenDays: 0.21 }),
    )
  return standin
}
