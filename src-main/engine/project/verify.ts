/** A check of the whole file: SQLite's own, foreign keys, the graph, and every chunk against its checksum and the shape of its array. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { chunkProblem, chunkSizes } from './arrayStore.ts'
import type { ArrayRow } from './arrays.ts'
import { type Db, onFile } from './sqlite.ts'
import type { Tables } from './tables.ts'

export interface Verification {
  readonly artifacts: number
  readonly chunks: number
  /** Empty when all is well; each names the place. */
  readonly problems: string[]
}

const maxProblems = 1000

/** Memory: one chunk and the list of problems. */
export async function verifyProject(db: Db, tables: Tables, signal?: AbortSignal): Promise<Verification> {
  const problems = [...checkDatabase(db), ...checkGraph(tables)]
  let chunks = 0
  for (const array of tables.arrays.all()) {
    for await (const problem of checkChunks(tables, array, signal)) {
      chunks += 1
      if (problem && problems.length < maxProblems) problems.push(problem)
    }
  }
  return { artifacts: tables.artifacts.all().length, chunks, problems }
}

function* checkDatabase(db: Db): Generator<string> {
  for (const { integrity_check: line } of db.pragma('integrity_check(20)') as { integrity_check: string }[]) {
    if (line !== 'ok') yield `database: ${line}`
  }
  for (const { table, rowid, parent } of db.pragma('foreign_key_check') as { table: string; rowid: number; parent: string }[]) {
    yield `table ${table}, row ${rowid}: points to a missing ${parent}`
  }
}

/** A finished result must rest on finished inputs that are older than itself. */
function* checkGraph({ artifacts, edges }: Tables): Generator<string> {
  const all = new Map(artifacts.all().map((row) => [row.id, row]))
  for (const { id, name, status } of all.values()) {
    for (const [role, input] of Object.entries(edges.inputs(id))) {
      if (input >= id) yield `artifact ${id} (${name}): its ${role} is ${input}, which is not older`
      if (status === 'done' && all.get(input)?.status !== 'done') yield `artifact ${id} (${name}): its ${role} ${input} is not finished`
    }
  }
}

async function* checkChunks(tables: Tables, array: ArrayRow, signal?: AbortSignal): AsyncGenerator<string | null> {
  const place = `artifact ${array.artifact}, array '${array.name}'`
  const isDraft = tables.artifacts.get(array.artifact)?.status === 'running'
  let expected = 0
  for (const chunk of chunkSizes(array)) {
    if (signal) throwIfCancelled(signal)
    expected += 1
    const found = onFile(tables.path, () => tables.chunks.read(array.id, chunk.i))
    if (!found && isDraft) return // still being written
    const problem = chunkProblem(array, found, chunk)
    yield problem && `${place}, chunk ${chunk.i} ${problem}`
    await nextTurn()
  }
  const stored = tables.chunks.extent(array.id).n
  if (stored > expected) yield `${place}: ${stored} chunks are stored, its shape needs ${expected}`
}
