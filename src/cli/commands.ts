import type { CommandFlag } from '../config/command-line.ts'

/** The commands of the program: `--help`, the completion and the dispatch use this table. */
export const COMMANDS = [
  { name: 'serve', help: 'serve the API; the default command', flags: [], takesArguments: false },
  {
    name: 'run',
    help: 'run a program and send its API requests to the proxy: run -- your-program; starts a proxy if none is running, and stops it afterwards',
    flags: [],
    takesArguments: true,
  },
  {
    name: 'setup',
    help: "point a client at the proxy in the client's own file: setup codex, opencode, claude-code, qwen, pi or continue; shows the file; --write writes it, --undo restores it",
    flags: ['write', 'undo'],
    takesArguments: true,
  },
  {
    name: 'selftest',
    help: 'check in half a minute that everything works on this machine, with the real runtime, without a login or the network',
    flags: [],
    takesArguments: false,
  },
  {
    name: 'login',
    help: 'log in to Claude Code, with the bundled runtime',
    flags: [],
    takesArguments: false,
  },
  {
    name: 'doctor',
    help: 'find common faults and print their fixes; --online also checks that the API can be reached; --turn also sends a short request to a model; --json prints JSON',
    flags: ['json', 'online', 'turn'],
    takesArguments: false,
  },
  {
    name: 'status',
    help: 'show the state of the running server; --json prints JSON',
    flags: ['json'],
    takesArguments: false,
  },
  {
    name: 'keys',
    help: 'manage the keys of clients in the file of the option keys: keys add NAME makes a key and shows it once, optionally with limits (requests_per_minute=60); keys list; keys remove NAME',
    flags: [],
    takesArguments: true,
  },
  {
    name: 'models',
    help: 'list the models of the login; --json prints JSON',
    flags: ['json'],
    takesArguments: false,
  },
  {
    name: 'completion',
    help: 'print the completion for a shell: completion bash, zsh or fish',
    flags: [],
    takesArguments: true,
  },
] as const satisfies readonly Command[]

export type Command = {
  readonly name: string
  readonly help: string
  /** The flags of this command. */
  readonly flags: readonly CommandFlag[]
  /** Whether the command takes arguments. */
  readonly takesArguments: boolean
}

export type CommandName = (typeof COMMANDS)[number]['name']
