import { TextDecoder } from 'node:util'

import { mediaTypeOf } from '../openai/media-type.ts'

/** Number of first bytes that show the kind of a file. */
const HEAD = 16

/** Finds the media type of a file from its content, because its name may be wrong. */
export class TypeGuess {
  #head: Buffer = Buffer.alloc(0)
  #text: TextDecoder | undefined = new TextDecoder('utf-8', { fatal: true })

  /** The next bytes. */
  push(bytes: Uint8Array): void {
    if (this.#head.length < HEAD) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, HEAD)]).subarray(0, HEAD)
    }
    this.#read(bytes, true)
  }

  /** A type that the API knows, `text/plain` for other text, or else `application/octet-stream`. */
  end(): string {
    const known = mediaTypeOf('', this.#head.toString('base64'))
    if (known !== '') return known
    this.#read(new Uint8Array(), false)
    return this.#text === undefined ? 'application/octet-stream' : 'text/plain'
  }

  #read(bytes: Uint8Array, stream: boolean): void {
    try {
      if (bytes.includes(0)) this.#text = undefined
      this.#text?.decode(bytes, { stream })
    } catch {
      this.#text = undefined
    }
  }
}
