// Import the rest only after the version check: an old Node.js could not parse it.
import { nodeProblem } from './node-version.ts'

const problem = nodeProblem(process.versions.node)
if (problem === undefined) {
  const { run } = await import('./run.ts')
  await run(process.argv.slice(2))
} else {
  process.stderr.write(`claude-sub-proxy: ${problem}\n`)
  process.exitCode = 1
}
