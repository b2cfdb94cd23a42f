import { readFileSync } from 'node:fs'

/**
 * The most memory this process has held at once, in megabytes of 2²⁰ bytes. On Linux the highest resident set of the program itself:
 * `maxRSS` there begins with that of the process which started it, whatever its own size (getrusage(2), "preserved across execve").
 */
export function peakMemoryMB(): number {
  // maxRSS is in kilobytes on every platform libuv reports it on.
  const kilobytes = process.platform === 'linux' ? highWaterMark() : process.resourceUsage().maxRSS
  return kilobytes / 1024
}

function highWaterMark(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  // Containers that emulate the kernel may leave the line out.
  return kilobytes ? Number(kilobytes) : process.resourceUsage().maxRSS
}
