import type { z } from 'zod'

/**
 * The API's wording of a fault, without the path. Use it as `safeParse(…, { error: describeIssue
 * })`: only there the offending value is available, and the issue must not keep it (a huge or deep
 * body would be copied into the text of the error).
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'Field required'
  switch (issue.code) {
    case 'invalid_type':
      return `Input should be ${KINDS.get(issue.expected) ?? issue.expected}`
    case 'invalid_value':
      return `Input should be ${alternatives(issue.values)}`
    case 'too_small':
      return 'String should have at least 1 character'
    default:
      // Issues with a message from the schema, and issues that can't occur.
      return undefined
  }
}

/** The API's message for an issue: the path of the field, then the fault. */
export function validationMessage(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

const KINDS = new Map([
  ['string', 'a valid string'],
  ['number', 'a valid number'],
  ['boolean', 'a valid boolean'],
  ['array', 'a valid list'],
  ['object', 'an object'],
])

function alternatives(values: readonly unknown[]): string {
  return values.map((value) => `'${String(value)}'`).join(' or ')
}

/**
 * For a value that may be a string or a list, the issue of the branch that got furthest: inside the
 * list, or that it is no list, like the API.
 */
export function deepestIssue(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union') return issue
  const branches = issue.errors.flatMap((issues) => issues.slice(0, 1)).map(deepestIssue)
  const furthest = branches.reduce(
    (best, branch) => (branch.path.length >= best.path.length ? branch : best),
    { path: [], message: issue.message },
  )
  return { path: [...issue.path, ...furthest.path], message: furthest.message }
}
