/** A small CSV with something to learn: columns that depend on one hidden number, seeded. */
import { writeFileSync } from 'node:fs'

export function writeTable(path: string, rows = 400): string {
  let state = 1
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const lines = Array.from({ length: rows }, () => 6 * next()).map((t) =>
    [Math.sin(t), Math.cos(t), t * t, Math.exp(-t), next(), t].map((value) => value.toFixed(5)).join(','),
  )
  writeFileSync(path, `a,b,c,d,e,f\n${lines.join('\n')}\n`)
  return path
}
