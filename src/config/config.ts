// Made by renderConfigType() of help.ts; a test compares it.
import type { Values } from './options.ts'

/**
 * The settings that the program runs with: times in milliseconds, sizes in bytes, settings that
 * are empty by default undefined (or an empty list), `auto` replaced by the value it stands for.
 */
export interface Config {
  /**
   * Port to listen on; 0 picks a free one. Takes a whole number from 0 to 65535. Default: 42069.
   */
  readonly port: Values['port']

  /**
   * Address or host name to listen on; auto: 127.0.0.1, and 0.0.0.0 in a container if clients need
   * a key. Takes auto, or an IP address (without brackets) or a host name, without a port.
   * Default: auto.
   */
  readonly host: Values['host']

  /**
   * Listen on an address of the network without a key: anyone who reaches the port uses your
   * login. Takes true or false. Default: false.
   */
  readonly dangerouslyOpenToAll: Values['dangerouslyOpenToAll']

  /**
   * How much is logged: ERROR, WARN, INFO, DEBUG or TRACE, in any case. Takes one of ERROR, WARN,
   * INFO, DEBUG, TRACE. Default: INFO.
   */
  readonly logLevel: Values['logLevel']

  /**
   * Model for requests that name none. Takes a name without spaces and control characters.
   * Default: claude-sonnet-4-6.
   */
  readonly modelDefault: Values['modelDefault']

  /**
   * Other names for models, such as gpt-4o = claude-sonnet-5-5, gpt-* = haiku; * matches any text;
   * empty: none. Takes a list such as [{ name: "gpt-4o", model: "claude-sonnet-5-5" }] (each name
   * once, no spaces, * only in names). Default: none.
   */
  readonly modelAliases: Values['modelAliases']

  /**
   * Key that clients must send, beside those in the file of keys; empty: none (not on the command
   * line, where other users can read it). Takes ASCII letters, digits and punctuation, without
   * spaces and control characters; or a function that gives one such text or a list of them.
   * Default: none.
   */
  readonly proxyApiKey: Values['proxyApiKey']

  /**
   * File with the keys that clients may send, one a line, each with a name and limits if you like;
   * made by the command keys; read again when it changes. Takes a path without control characters
   * and written out, for ~ is not expanded. Default: none.
   */
  readonly keys: Values['keys']

  /**
   * Web origins whose pages may call, separated by commas (such as https://app.example:8080,
   * https://*.app.example, or an app: vscode, obsidian, raycast, tauri, electron, extensions); *:
   * all; empty: none. Takes a list of origins such as https://app.example:8080 or
   * https://*.app.example (in lower case, no path), of names of apps (vscode, obsidian, raycast,
   * tauri, electron, extensions), or of * alone. Default: none.
   */
  readonly corsOrigins: Values['corsOrigins']

  /**
   * Other names by which clients call this machine if they need no key, separated by commas (such
   * as host.docker.internal); empty: localhost and loopback addresses alone. Takes a list of host
   * names or IP addresses in lower case, without ports and brackets. Default: none.
   */
  readonly allowedHosts: Values['allowedHosts']

  /**
   * System prompt for requests that have none. Takes any text. Default: none.
   */
  readonly systemPrompt: Values['systemPrompt']

  /**
   * Thinking budget for requests without `thinking`, in tokens, 1024 or more. Takes a whole number
   * from 1024 up. Default: none.
   */
  readonly maxThinkingTokens: Values['maxThinkingTokens']

  /**
   * Let Claude Code use its own tools on this machine; needs tools_folder. Takes true or false.
   * Default: false.
   */
  readonly toolsEnabled: Values['toolsEnabled']

  /**
   * Folder in which Claude Code's own tools may work; needed with tools_enabled. Takes a path
   * without control characters and written out, for ~ is not expanded. Default: none.
   */
  readonly toolsFolder: Values['toolsFolder']

  /**
   * Largest request body; 32 MB is the Messages API's own limit. Takes bytes, a whole number from
   * 1024 to 9007199254740991. Default: 32mb.
   */
  readonly maxBodySize: Values['maxBodySize']

  /**
   * Maximum number of runtime processes; auto: set from cores and free memory, up to 32. Takes
   * auto, or a whole number from 1 up. Default: auto.
   */
  readonly maxProcesses: Values['maxProcesses']

  /**
   * How long a request waits for a process before it gets a 529. Takes milliseconds, a whole
   * number from 0 to 2147483647. Default: 60s.
   */
  readonly queueTimeout: Values['queueTimeout']

  /**
   * Maximum number of requests that wait for a process; further ones get a 529 immediately. Takes
   * a whole number from 1 up. Default: 1000.
   */
  readonly queueLimit: Values['queueLimit']

  /**
   * How long the runtime may take for each set-up step before it sends the request. Takes
   * milliseconds, a whole number from 1 to 2147483647. Default: 2min.
   */
  readonly startTimeout: Values['startTimeout']

  /**
   * How long the first event of a reply may take. Takes milliseconds, a whole number from 1 to
   * 2147483647. Default: 10min.
   */
  readonly firstEventTimeout: Values['firstEventTimeout']

  /**
   * How long a reply that has begun may stay silent; a thinking model can be silent for minutes.
   * Takes milliseconds, a whole number from 1 to 2147483647. Default: 10min.
   */
  readonly nextEventTimeout: Values['nextEventTimeout']

  /**
   * How long a stream may be silent before a ping event is sent. Takes milliseconds, a whole
   * number from 1 to 2147483647. Default: 15s.
   */
  readonly pingInterval: Values['pingInterval']

  /**
   * How long an idle conversation keeps its process. Takes milliseconds, a whole number from 0 to
   * 2147483647. Default: 5min.
   */
  readonly idleTimeout: Values['idleTimeout']

  /**
   * How long a process waits for tool results. Takes milliseconds, a whole number from 1 to
   * 2147483647. Default: 10min.
   */
  readonly holdTimeout: Values['holdTimeout']

  /**
   * How long requests in flight may take to finish when the server stops. Takes milliseconds, a
   * whole number from 0 to 2147483647. Default: 30s.
   */
  readonly shutdownTimeout: Values['shutdownTimeout']

  /**
   * Refuse requests once this share of a plan window is used (such as 80%), and never use paid
   * overage; empty: off. Takes a number from 0.01 to 1. Default: none.
   */
  readonly usageGuard: Values['usageGuard']

  /**
   * Maximum number of batch requests at a time; auto: half of the automatic max_processes. Takes
   * auto, or a whole number from 1 up. Default: auto.
   */
  readonly batchConcurrency: Values['batchConcurrency']

  /**
   * Share of a plan window at which batches pause until the window resets; batches never use paid
   * overage. Takes a number from 0.01 to 1. Default: 70%.
   */
  readonly batchWindowShare: Values['batchWindowShare']

  /**
   * Time after which the unfinished requests of a batch expire. Takes milliseconds, a whole number
   * from 1 to 2147483647. Default: 24h.
   */
  readonly batchExpiry: Values['batchExpiry']

  /**
   * Time after which a batch is deleted from disk, with its requests and results. Takes
   * milliseconds, a whole number from 1 to 315360000000. Default: 29d.
   */
  readonly batchRetention: Values['batchRetention']

  /**
   * With database_url: time after which stored responses and unchanged conversations of the
   * Responses API are deleted. Takes milliseconds, a whole number from 1 to 315360000000. Default:
   * 30d.
   */
  readonly responseRetention: Values['responseRetention']

  /**
   * Maximum total size of uploaded files on disk; files are kept until they are deleted, or expire
   * as their client said. Takes bytes, a whole number from 1024 to 9007199254740991. Default:
   * 1024mb.
   */
  readonly filesLimit: Values['filesLimit']

  /**
   * PostgreSQL database that several replicas share, such as postgresql://user:password@host/name;
   * empty: batches and files are kept in store.db, stored responses in memory; not for
   * subscriptions. Takes an address that begins with postgresql://. Default: none.
   */
  readonly databaseUrl: Values['databaseUrl']

  /**
   * Whether the runtime adds its reminders to conversations; auto: not with an API key or a cloud
   * provider; keep: always. Takes one of AUTO, KEEP. Default: AUTO.
   */
  readonly runtimeReminders: Values['runtimeReminders']

  /**
   * Folder for usage.json (counts of requests and tokens, kept over restarts) and store.db
   * (batches and files); empty: this program's folder for your user (as a library: none). Takes a
   * path without control characters and written out, for ~ is not expanded. Default: none.
   */
  readonly stateFolder: Values['stateFolder']

  /**
   * Working folder of the runtime; empty: an empty folder whose name tells the model that it is
   * not the client's. Takes a path without control characters and written out, for ~ is not
   * expanded. Default: none.
   */
  readonly workFolder: Values['workFolder']

  /**
   * Claude Code executable to use instead of the one that comes with the Agent SDK. Takes a path
   * without control characters and written out, for ~ is not expanded. Default: none.
   */
  readonly claudePath: Values['claudePath']
}
