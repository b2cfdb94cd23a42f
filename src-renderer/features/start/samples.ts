/** Sample projects the engine can write itself. Each opens at its data, ready for the next step. */
import { session } from '../../lib/app.ts'
import { native } from '../../lib/bridge.ts'

export interface Sample {
  readonly id: string
  readonly title: string
  readonly shows: string
  readonly size: string
  /** A new project with the sample in it. */
  start(): Promise<void>
  /** The sample in the open project. */
  add(): Promise<void>
}

async function addFoldedRanges(): Promise<void> {
  const folder = session.settle('There is no folder for the sample', await native.defaultFolder({}))
  if (!folder) return
  const directory = `${folder}${folder.includes('\\') ? '\\' : '/'}folded-ranges`
  const scene = await session.runToEnd({ operation: 'sample', params: { directory } })
  if (scene) session.reveal(scene)
}

async function startFoldedRanges(): Promise<void> {
  if (await session.createNamed('folded-ranges')) await addFoldedRanges()
}

export const samples: readonly Sample[] = [
  {
    id: 'folded-ranges',
    title: 'Folded ranges',
    shows: 'Classes, anomalies, a map',
    size: '512 × 512 pixels, 10 bands',
    start: startFoldedRanges,
    add: addFoldedRanges,
  },
]
