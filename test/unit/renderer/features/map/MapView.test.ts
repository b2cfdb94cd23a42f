/** What a map says of layers that cannot be read. */
import { fireEvent, render, screen } from '@testing-library/svelte'
import { beforeAll, expect, test, vi } from 'vitest'
import { StratumError } from '#common/errors.ts'
import type { MapLayer } from '../../../../../src-renderer/features/map/types.ts'
import { laidOut } from '../../../../helpers/laidOut.ts'
import { utmGrid } from './grids.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

// jsdom knows no media queries, and the map asks for the screen's resolution as it is loaded.
globalThis.matchMedia ??= () => Object.assign(new EventTarget(), { matches: false }) as unknown as MediaQueryList
const { deletion, session } = await import('../../../../../src-renderer/lib/app.ts')
const { default: MapView } = await import('../../../../../src-renderer/features/map/MapView.svelte')

laidOut(300, 200)
beforeAll(async () => {
  // jsdom draws nothing.
  HTMLCanvasElement.prototype.getContext = () => null
  await session.start()
})

const damaged = (id: string, artifact: number): MapLayer => ({
  id,
  name: id,
  visible: true,
  opacity: 1,
  kind: 'classes',
  revision: String(artifact),
  load: () => Promise.reject(new StratumError('PROJECT_CORRUPT', `Chunk 0 of ${id} is missing.`, 'Delete it.', { artifact })),
})

test('damaged layers are computed again, one after the other', async () => {
  const [classes, scores] = [session.ofKind('clustering')[0], session.ofKind('scores')[0]]
  if (!classes || !scores) throw new Error('The made-up project has no classes or no scores.')
  const layers = [damaged('classes', classes.id), damaged('scores', scores.id)]
  const { rerender } = render(MapView, { grid: utmGrid, layers })
  expect((await screen.findByRole('alert')).textContent).toContain('Chunk 0 of classes is missing.')
  await fireEvent.click(screen.getByRole('button', { name: 'Compute again…' }))
  expect(deletion.asked).toEqual({ artifact: classes, again: true })
  deletion.keep()
  // What was made in place of the first one can be read; the second is still damaged.
  await rerender({ layers: layers.slice(1) })
  expect(screen.getByRole('alert').textContent).toContain('Chunk 0 of scores is missing.')
  await rerender({ layers: [] })
  expect(screen.queryByRole('alert')).toBeNull()
})
