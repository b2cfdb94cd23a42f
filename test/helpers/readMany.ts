/**
 * Run as a process of its own: reads paths from standard input (one JSON array), inspects and streams each, and prints one
 * JSON line before and one after each file, so that the parent knows which file a crash or a hang belongs to.
 */
import { text } from 'node:stream/consumers'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import { peakMemoryMB } from '../../src-main/engine/peakMemory.ts'
import { toReport } from '../../src-main/common/errors.ts'

/** Rows streamed per file at most; a hostile header may promise billions. */
const mostRows = 2_000_000

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

for (const path of JSON.parse(await text(process.stdin)) as string[]) {
  say({ begin: path })
  const started = performance.now()
  let answer: object
  try {
    const source = await openSource(path)
    const inspectMs = performance.now() - started
    try {
      await source.preview(0, 5, 20)
      let rows = 0
      let valid = 0
      for await (const chunk of source.chunks({ maxBytes: 8 << 20, signal: AbortSignal.timeout(4000) })) {
        rows += chunk.n
        for (const flag of chunk.valid) valid += flag
        if (rows >= mostRows) break
      }
      answer = {
        ok: true,
        format: source.report.format,
        rows: source.report.rows,
        columns: source.report.columns.length,
        streamed: rows,
        valid,
        inspectMs,
        findings: source.report.findings.map((finding) => finding.code),
      }
    } finally {
      await source.close()
    }
  } catch (thrown) {
    const report = toReport(thrown)
    answer = {
      ok: false,
      ...report,
      ...(report.code === 'INTERNAL' ? { stack: thrown instanceof Error ? thrown.stack : String(thrown) } : {}),
    }
  }
  say({ path, ms: Math.round(performance.now() - started), ...answer })
}
say({ maxRssMB: peakMemoryMB() })
