import type { LoadedConfig } from '../config/load.ts'
import type { RuntimeInspection } from '../inspect.ts'

/** All that the checks of `doctor` go by, as it was gathered. None of it holds a secret. */
export type Facts = {
  readonly nodeVersion: string
  /** As the system names the processor: `Apple M2`. */
  readonly cpuModel: string
  readonly isContainer: boolean
  /** The configuration, or in `problem` why it can't be used; then it has the defaults. */
  readonly configuration: Pick<LoadedConfig, 'config' | 'warnings' | 'file'> & { problem?: string }
  readonly runtime: RuntimeInspection
  /** The names of the variables that are set, never their values. */
  readonly variables: ReadonlySet<string>
  readonly port: PortState
  /** The folder for usage, and why it can't be written; undefined if there is none. */
  readonly state: { readonly folder: string; readonly problem?: string } | undefined
  /** The runtime's folder: whether it is there, and may be written (it refreshes its login in it). */
  readonly loginFolder: {
    readonly path: string
    readonly isThere: boolean
    readonly isWritable: boolean
  }
  /** Undefined if no file of keys is configured. */
  readonly keyFile: KeyFileState | undefined
  readonly api: ApiState
  /** Undefined if it was not asked for. */
  readonly turn: TurnState | undefined
}

export type PortState =
  | { kind: 'free' }
  /** A server of this program listens there. */
  | { kind: 'ours'; version: string }
  | { kind: 'taken' }
  /** The system's code of any other error. */
  | { kind: 'refused'; code: string }

export type KeyFileState = {
  readonly path: string
  /** Why no key can be read from it. */
  readonly problem?: string
  readonly count: number
  /** Keys that stand in it as they are, not as hashes. */
  readonly readable: number
  /** Whether other users of this machine may read it. */
  readonly isOpen: boolean
}

export type ApiState = {
  /** `https://api.anthropic.com`, or what ANTHROPIC_BASE_URL says: without a user or a path. */
  readonly origin: string
  /** Whether that leads back to this very server. */
  readonly isOwn: boolean
  /** Undefined if it was not asked for. */
  readonly reached: Reached | undefined
}

export type Reached =
  | { kind: 'answered'; status: number; milliseconds: number }
  /** Behind a network proxy nothing was asked; the network proxy takes connections. */
  | { kind: 'by proxy'; proxy: string }
  | { kind: 'failed'; reason: string; proxy?: string }

export type TurnState =
  | { kind: 'answered'; model: string; milliseconds: number }
  | { kind: 'failed'; status: number | undefined; message: string }
