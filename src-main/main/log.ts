/** One line for what a user may meet, the stack for what is a bug; on stderr, where the desktop's journal collects it. */
export const logLine = (line: string): void => {
  process.stderr.write(`stratum: ${line}\n`)
}

export const logBug = (where: string, thrown: unknown): void =>
  logLine(`${where}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`)
