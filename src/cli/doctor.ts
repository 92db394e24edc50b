import { VERSION } from '../version.ts'
import { checkCallers } from './checks/callers.ts'
import { checkConfiguration } from './checks/configuration.ts'
import { checkContainer } from './checks/container.ts'
import { checkKeys } from './checks/keys.ts'
import { checkLogin } from './checks/login.ts'
import { checkNode } from './checks/node.ts'
import { checkOnline } from './checks/online.ts'
import { checkPort } from './checks/port.ts'
import { checkProvider } from './checks/provider.ts'
import { checkRuntime } from './checks/runtime.ts'
import { checkState } from './checks/state.ts'
import { checkTurn } from './checks/turn.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import { type DoctorInput, gatherFacts } from './gather.ts'
import { renderFindings } from './findings-text.ts'
import { interruptible } from './stop-signals.ts'
import { paintFor } from './style.ts'
import { showWaiting } from './waiting.ts'

/** Checks for common faults, and prints their fixes. The exit code is 1 if there is an error. */
export async function doctor(input: DoctorInput): Promise<void> {
  const text = input.flags.includes('turn')
    ? 'Sending a short request to a model'
    : 'Checking this machine'
  const { env } = input
  await interruptible(async (signal) => {
    report(await showWaiting(text, gatherFacts(input, signal), env), input)
  })
}

function report(facts: Facts, input: DoctorInput): void {
  const findings = check(facts, Date.now())
  const isSound = findings.every(({ level }) => level !== 'error')
  const { stdout } = process
  stdout.write(
    input.flags.includes('json')
      ? `${JSON.stringify({ version: VERSION, ok: isSound, checks: findings }, null, 2)}\n`
      : renderFindings(findings, {
          isTerminal: stdout.isTTY,
          paint: paintFor(stdout, input.env),
          columns: stdout.columns,
        }),
  )
  if (!isSound) process.exitCode = 1
}

/**
 * All checks, in the order of their dependencies.
 *
 * @param now milliseconds since 1970
 */
export function check(facts: Facts, now: number): Finding[] {
  const findings = [
    checkNode(facts),
    checkConfiguration(facts),
    checkRuntime({ ...facts, claudePath: facts.configuration.config.claudePath }),
    checkLogin(facts, now),
    checkProvider(facts),
    checkContainer(facts),
    checkPort(facts),
    checkCallers(facts),
    checkKeys(facts),
    checkState(facts),
    checkOnline(facts),
    checkTurn(facts),
  ]
  return findings.filter((finding) => finding !== undefined)
}
