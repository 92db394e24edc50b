import { styleText } from 'node:util'

/** A style of text in a terminal. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Applies a style to a text; without colours the text stays unchanged. */
export type Paint = (look: Look, text: string) => string

export const plain: Paint = (_look, text) => text

export const colored: Paint = (look, text) => styleText(look, text, { validateStream: false })

type Variables = Readonly<Record<string, string | undefined>>

/** Whether a terminal can move its cursor and has colours. */
export function isCapable({ isTTY }: { readonly isTTY?: boolean }, { TERM }: Variables): boolean {
  return isTTY === true && TERM !== 'dumb'
}

/**
 * The paint for a stream: colours if the terminal has them and the user did not switch them off
 * (https://no-color.org).
 */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Variables): Paint {
  return isCapable(stream, env) && !env['NO_COLOR'] ? colored : plain
}
