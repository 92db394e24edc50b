/**
 * Names for the origins of desktop apps and browser extensions. A web site can have none of these
 * origins.
 */
export const ORIGIN_PRESETS: Readonly<Record<string, readonly string[]>> = {
  // https://github.com/microsoft/vscode: its window, and the web views of its extensions.
  vscode: ['vscode-webview://*', 'vscode-file://vscode-app'],
  obsidian: ['app://obsidian.md'],
  raycast: ['raycast://*'],
  // https://tauri.app: macOS and Linux, then Windows and Android.
  tauri: ['tauri://localhost', 'http://tauri.localhost', 'https://tauri.localhost'],
  // Electron apps whose pages have their own scheme. Pages from files have the origin `null`, which a frame of any site can have too.
  electron: ['app://*'],
  extensions: ['chrome-extension://*', 'moz-extension://*', 'safari-web-extension://*'],
}

/** Presets for apps with several origins, or one per page: for them the name is better. */
export const SUGGESTED_PRESETS = ['vscode', 'obsidian', 'raycast', 'tauri'] as const
