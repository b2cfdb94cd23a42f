/** Table `edge`: which artifact was made from which. */
import type { Db } from './sqlite.ts'

export type EdgeTable = ReturnType<typeof edgeTable>

export function edgeTable(db: Db) {
  const insert = db.prepare('INSERT INTO edge (artifact, role, input) VALUES (?, ?, ?)')
  const inputs = db.prepare<[number], { role: string; input: number }>('SELECT role, input FROM edge WHERE artifact = ? ORDER BY role')
  const downstream = db.prepare<[number], { id: number }>(
    `WITH RECURSIVE made(id) AS (VALUES (?) UNION SELECT edge.artifact FROM edge JOIN made ON edge.input = made.id)
     SELECT id FROM made ORDER BY id DESC`,
  )
  return {
    insert: (artifact: number, inputsByRole: Readonly<Record<string, number>>) => {
      for (const [role, input] of Object.entries(inputsByRole)) insert.run(artifact, role, input)
    },
    inputs: (artifact: number): Record<string, number> => Object.fromEntries(inputs.all(artifact).map(({ role, input }) => [role, input])),
    /** The artifact and everything made from it, results before their inputs (an input is always older, so its id is smaller). */
    downstream: (artifact: number): number[] => downstream.all(artifact).map(({ id }) => id),
  }
}
