import { plainKey } from '../../src/config/keys/client-key.ts'
import type { KeyRing } from '../../src/config/keys/key-ring.ts'
import { keysIn } from '../../src/config/keys/keys-text.ts'

/** A ring of keys without names. */
export function ringOf(...keys: string[]): KeyRing {
  return () => Promise.resolve(keys.map((key) => plainKey(key)))
}

/** A ring of the keys in a file's lines. */
export function ringOfLines(...lines: string[]): KeyRing {
  return () => Promise.resolve(keysIn(lines.join('\n'), 'keys'))
}
