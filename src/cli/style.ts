import { styleText } from 'node:util'

/** How a text stands out in a terminal. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Gives a text a look; the text as it is if there are no colours. */
export type Paint = (look: Look, text: string) => string

export const plain: Paint = (_look, text) => text

export const colored: Paint = (look, text) => styleText(look, text, { validateStream: false })

type Variables = Readonly<Record<string, string | undefined>>

/** Whether a terminal can move its cursor and has colours. */
export function isCapable({ isTTY }: { readonly isTTY?: boolean }, { TERM }: Variables): boolean {
  return isTTY === true && TERM !== 'dumb'
}

/**
 * The paint for a stream: colours in a terminal that has them and whose user did not refuse them
 * (https://no-color.org).
 */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Variables): Paint {
  return isCapable(stream, env) && !env['NO_COLOR'] ? colored : plain
}
