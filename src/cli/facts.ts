import type { LoadedConfig } from '../config/load.ts'
import type { RuntimeInspection } from '../inspect.ts'

/** The facts for the checks of `doctor`. They contain no secret. */
export type Facts = {
  readonly nodeVersion: string
  /** The system's name of the processor: `Apple M2`. */
  readonly cpuModel: string
  readonly isContainer: boolean
  /**
   * The configuration. If it can't be used, `problem` says why, and the values are the defaults.
   */
  readonly configuration: Pick<LoadedConfig, 'config' | 'warnings' | 'file'> & { problem?: string }
  readonly runtime: RuntimeInspection
  /** The names of the set variables, never their values. */
  readonly variables: ReadonlySet<string>
  readonly port: PortState
  /** The folder for usage, and why it is not writable; undefined if there is none. */
  readonly state: { readonly folder: string; readonly problem?: string } | undefined
  /**
   * The runtime's folder: whether it exists and is writable (the runtime saves its refreshed login
   * there).
   */
  readonly loginFolder: {
    readonly path: string
    readonly isThere: boolean
    readonly isWritable: boolean
  }
  /** Undefined if no file of keys is configured. */
  readonly keyFile: KeyFileState | undefined
  readonly api: ApiState
  /** Undefined if it was not requested. */
  readonly turn: TurnState | undefined
}

export type PortState =
  | { kind: 'free' }
  /** A server of this program listens on the port. */
  | { kind: 'ours'; version: string }
  | { kind: 'taken' }
  /** The system's code of any other error. */
  | { kind: 'refused'; code: string }

export type KeyFileState = {
  readonly path: string
  /** Why no key can be read from the file. */
  readonly problem?: string
  readonly count: number
  /** Number of keys in plain text, not as hashes. */
  readonly readable: number
  /** Whether other users of this machine may read the file. */
  readonly isOpen: boolean
}

export type ApiState = {
  /** `https://api.anthropic.com`, or the origin of ANTHROPIC_BASE_URL. */
  readonly origin: string
  /** Whether that address is this server itself. */
  readonly isOwn: boolean
  /** Undefined if it was not requested. */
  readonly reached: Reached | undefined
}

export type Reached =
  | { kind: 'answered'; status: number; milliseconds: number }
  /** There is a network proxy, and it accepts connections; the API itself was not asked. */
  | { kind: 'by proxy'; proxy: string }
  | { kind: 'failed'; reason: string; proxy?: string }

export type TurnState =
  | { kind: 'answered'; model: string; milliseconds: number }
  | { kind: 'failed'; status: number | undefined; message: string }
