/** The line of models that a name belongs to, and its place in that line. */
export type ModelFamily = {
  /** `opus`, `sonnet`, `haiku`, … */
  family: string
  /** The version times 100: 4.6 is 406, so that 4.10 comes after 4.9. */
  version: number
}

/** `claude-sonnet-4-6`, `claude-haiku-4-5-20251001`, `us.anthropic.claude-opus-4-8-v1:0`. */
const NAME_FIRST = /claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/

/** `claude-3-5-sonnet-20241022`: the order of names before version 4. */
const VERSION_FIRST = /claude-(\d)(?:[-.](\d))?-([a-z]+)/

/**
 * Reads the family and the version from a model's name, in the spelling of any provider.
 *
 * @returns undefined if the name has no version of a Claude model in it
 */
export function familyOf(model: string): ModelFamily | undefined {
  const name = model.toLowerCase()
  const [, family, major, minor] = NAME_FIRST.exec(name) ?? []
  if (family !== undefined) return { family, version: versionOf(major, minor) }
  const [, oldMajor, oldMinor, oldFamily] = VERSION_FIRST.exec(name) ?? []
  if (oldFamily === undefined) return undefined
  return { family: oldFamily, version: versionOf(oldMajor, oldMinor) }
}

function versionOf(major: string | undefined, minor: string | undefined): number {
  return Number(major) * 100 + Number(minor ?? 0)
}
