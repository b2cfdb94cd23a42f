/** The conversation between the window and Electron's main process: native things only, no science. */
import { z } from 'zod'

const none = z.object({})

export const windowCalls = {
  /** Native dialogs; null when dismissed. */
  chooseFiles: {
    input: z.object({
      title: z.string(),
      extensions: z.array(z.string()).default([]),
      multiple: z.boolean().default(false),
      folder: z.boolean().default(false),
    }),
    output: z.array(z.string()).nullable(),
  },
  chooseSavePath: {
    input: z.object({ title: z.string(), defaultName: z.string(), extensions: z.array(z.string()) }),
    output: z.string().nullable(),
  },
  recentProjects: {
    input: none,
    output: z.array(z.object({ path: z.string(), name: z.string(), openedAt: z.string(), sizeBytes: z.number(), missing: z.boolean() })),
  },
  rememberProject: { input: z.object({ path: z.string() }), output: none },
  forgetProject: { input: z.object({ path: z.string() }), output: none },
  /** Where a new project and the built-in sample go when the user does not choose. */
  defaultFolder: { input: none, output: z.string() },
  revealFile: { input: z.object({ path: z.string() }), output: none },
  /** Remembered window preference; 'system' follows the desktop. */
  theme: { input: none, output: z.enum(['system', 'light', 'dark']) },
  setTheme: { input: z.object({ theme: z.enum(['system', 'light', 'dark']) }), output: none },
  setTitle: { input: z.object({ title: z.string() }), output: none },
  systemLoad: { input: none, output: z.object({ memoryBytes: z.number(), totalBytes: z.number(), engineBytes: z.number() }) },
  /** window controls of the drawn title bar. */
  windowAction: { input: z.object({ action: z.enum(['minimise', 'maximise', 'close']) }), output: none },
} as const

export const windowEvents = {
  /** The engine died and was started again; the window reopens its project. */
  engineRestarted: z.object({ reason: z.string() }),
  /** A menu item or file association asked for something. */
  command: z.object({ id: z.string(), path: z.string().optional() }),
} as const
export type WindowCalls = typeof windowCalls
export type WindowEvents = typeof windowEvents
