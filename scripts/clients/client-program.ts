/** A coding agent that runs against the proxy in the usual way. */
export type ClientProgram = {
  name: string
  /** Its dialect. */
  api: string
  source: Source
  /**
   * Writes the client's settings, and returns how to start it.
   *
   * @param place its own empty folders, and the address of the proxy
   */
  launch: (place: Place) => Launch
}

export type Source =
  | {
      kind: 'npm'
      package: string
      /**
       * The oldest major version of Node.js that runs it; undefined if it does not need Node.js.
       */
      node?: number
      /** An older version, used if the registry lacks a dependency of the newest. */
      fallback?: string
      /** The file to run, below the folder of the installation. */
      file: string
    }
  /** The executable that comes with the Agent SDK. */
  | { kind: 'agent-sdk' }

export type Place = { home: string; work: string; url: string; model: string; task: string }

export type Launch = {
  args: readonly string[]
  /** Variables in addition to `PATH`, `HOME` and `TMPDIR`. */
  env: Readonly<Record<string, string>>
}

/** A client that is ready, or the reason why not. */
export type Installed = { version: string; command: readonly string[]; note?: string }

export type Attempt = {
  client: ClientProgram
  version: string
  /** The lanes of its turns, in the order in which they ended. */
  lanes: readonly string[]
  /** `right`, or the fault. */
  result: string
  note?: string
}
