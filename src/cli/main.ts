// What an old Node.js can't read is imported only once it is known not to be one.
import { nodeProblem } from './node-version.ts'

const problem = nodeProblem(process.versions.node)
if (problem === undefined) {
  const { run } = await import('./run.ts')
  await run(process.argv.slice(2))
} else {
  process.stderr.write(`claude-sub-proxy: ${problem}\n`)
  process.exitCode = 1
}
