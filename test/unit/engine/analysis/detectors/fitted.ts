/** A detector fitted to rows given as lists, and what it says of others. */
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { methodIn } from '#engine/analysis/methods/define.ts'

export const flat = (rows: readonly (readonly number[])[]): Float32Array => Float32Array.from(rows.flat())

export interface Asked {
  readonly learn: readonly (readonly number[])[]
  /** The same rows, as those learned from, when left out. */
  readonly ask?: readonly (readonly number[])[]
  readonly oneByOne?: boolean
  readonly seed?: number
  readonly threads?: number
}

async function fitted(id: string, params: Readonly<Record<string, unknown>>, { learn, seed = 1, threads = 1 }: Asked) {
  const detector = methodIn(detectors, id)
  const d = learn[0].length
  return detector.fit(flat(learn), learn.length, d, detector.params.parse(params), { seed, threads })
}

export async function scoresOf(id: string, params: Readonly<Record<string, unknown>>, asked: Asked): Promise<number[]> {
  const detector = await fitted(id, params, asked)
  const { learn, ask, oneByOne } = asked
  const rows = ask ?? learn
  if (oneByOne) {
    const alone = new Float64Array(1)
    const scores: number[] = []
    for (const row of rows) {
      await detector.score(flat([row]), 1, alone)
      scores.push(alone[0])
    }
    await detector.close?.()
    return scores
  }
  const out = new Float64Array(rows.length)
  await detector.score(flat(rows), rows.length, out, ask ? undefined : Int32Array.from(rows, (_, i) => i))
  await detector.close?.()
  return [...out]
}

/** Row by row; null where the method cannot say it. */
export async function blameOf(id: string, params: Readonly<Record<string, unknown>>, asked: Asked): Promise<number[][] | null> {
  const detector = await fitted(id, params, asked)
  const { learn, ask } = asked
  const rows = ask ?? learn
  const d = learn[0].length
  if (!detector.blame) return null
  const out = new Float32Array(rows.length * d)
  await detector.blame(flat(rows), rows.length, out, ask ? undefined : Int32Array.from(rows, (_, i) => i))
  await detector.close?.()
  return rows.map((_, i) => [...out.subarray(i * d, (i + 1) * d)])
}
