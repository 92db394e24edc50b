import type { CommandFlag } from '../config/command-line.ts'

/** The commands of the program: `--help`, the completion and the dispatch use this table. */
export const COMMANDS = [
  {
    name: 'serve',
    help: 'serve the API; the default command',
    usages: ['serve'],
    about: 'Serves the API until it is stopped.',
    flags: [],
    takesArguments: false,
    examples: ['serve --port 8080'],
  },
  {
    name: 'run',
    help: 'run a program against the proxy',
    usages: ['run -- PROGRAM [ARGUMENTS]'],
    about:
      'Runs a program with the variables that send its API requests to the proxy. If no server runs at the configured address, it starts one for the program, and stops it afterwards. The exit code is that of the program.',
    flags: [],
    takesArguments: true,
    examples: ['run -- claude', 'run -- python my-script.py'],
  },
  {
    name: 'setup',
    help: 'point a client at the proxy',
    usages: ['setup CLIENT [--write | --undo]'],
    about:
      "Points a client at the proxy, in the client's own settings file. Without an option it only shows the new file. CLIENT is codex, opencode, claude-code, qwen, pi or continue.",
    flags: ['write', 'undo'],
    takesArguments: true,
    examples: ['setup codex', 'setup codex --write'],
  },
  {
    name: 'selftest',
    help: 'check that everything works here',
    usages: ['selftest'],
    about:
      'Checks in half a minute that everything works on this machine, with the real Claude Code and a simulated API. It needs neither a login nor the network.',
    flags: [],
    takesArguments: false,
    examples: [],
  },
  {
    name: 'login',
    help: 'log in to Claude Code',
    usages: ['login'],
    about: 'Logs in to Claude Code, with the bundled executable or that of claude_path.',
    flags: [],
    takesArguments: false,
    examples: [],
  },
  {
    name: 'doctor',
    help: 'find faults, and print their fixes',
    usages: ['doctor [--online] [--turn] [--json]'],
    about:
      'Checks Node.js, Claude Code, the login, the port and the configuration, and prints a fix for every fault. The exit code is 1 if there is an error; warnings do not change it.',
    flags: ['json', 'online', 'turn'],
    takesArguments: false,
    examples: [],
  },
  {
    name: 'status',
    help: 'show the state of the running server',
    usages: ['status [--json]'],
    about: 'Shows the state of the server that runs at the configured address.',
    flags: ['json'],
    takesArguments: false,
    examples: ['status --port 8080'],
  },
  {
    name: 'keys',
    help: 'manage the keys of clients',
    usages: ['keys add NAME [LIMIT=VALUE …]', 'keys list', 'keys remove NAME'],
    about:
      'Manages the keys of clients, in the file of the option keys. A new key is shown once; the file has only its hash. LIMIT is requests_per_minute, tokens_per_day or models.',
    flags: [],
    takesArguments: true,
    examples: ['keys add alice requests_per_minute=60 --keys keys.txt'],
  },
  {
    name: 'models',
    help: 'list the models of the login',
    usages: ['models [--json]'],
    about: 'Lists the models of the login, their short names, and your aliases.',
    flags: ['json'],
    takesArguments: false,
    examples: [],
  },
  {
    name: 'completion',
    help: 'print the completion for a shell',
    usages: ['completion bash | zsh | fish'],
    about: 'Prints the completion for a shell. Its first lines say where to put it.',
    flags: [],
    takesArguments: true,
    examples: [],
  },
] as const satisfies readonly Command[]

export type Command = {
  readonly name: string
  /** A few words, for lists of commands. */
  readonly help: string
  /** How it is written, after the name of the program. */
  readonly usages: readonly string[]
  /** One sentence or more, for its own `--help`. */
  readonly about: string
  /** The flags of this command. */
  readonly flags: readonly CommandFlag[]
  /** Whether the command takes arguments. */
  readonly takesArguments: boolean
  readonly examples: readonly string[]
}

export type CommandName = (typeof COMMANDS)[number]['name']

/** The effect of each flag of a command. */
export const FLAG_HELP: Readonly<Record<CommandFlag, string>> = {
  json: 'print JSON',
  online: 'also check that the API can be reached',
  turn: 'also send one short request to a model; it costs a few tokens',
  write: "write the client's settings file",
  undo: "restore the client's old settings file",
}
