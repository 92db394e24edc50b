/**
 * Names for the origins that the pages of desktop apps and browser extensions have. None of them is an
 * origin that a web site can have.
 */
export const ORIGIN_PRESETS: Readonly<Record<string, readonly string[]>> = {
  // https://github.com/microsoft/vscode: its window, and the webviews of its extensions.
  vscode: ['vscode-webview://*', 'vscode-file://vscode-app'],
  obsidian: ['app://obsidian.md'],
  raycast: ['raycast://*'],
  // https://tauri.app: macOS and Linux, then Windows and Android.
  tauri: ['tauri://localhost', 'http://tauri.localhost', 'https://tauri.localhost'],
  // Electron apps with pages of their own scheme. Pages from files have the origin `null`, as any site's frame can.
  electron: ['app://*'],
  extensions: ['chrome-extension://*', 'moz-extension://*', 'safari-web-extension://*'],
}

/** Presets whose apps have another origin for each page, or several: for them the name is better. */
export const SUGGESTED_PRESETS = ['vscode', 'obsidian', 'raycast', 'tauri'] as const
