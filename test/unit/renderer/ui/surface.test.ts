import { beforeEach, describe, expect, test } from 'vitest'
import { drawAround, follow, moveByKey, wheelMotion } from '../../../../src-renderer/ui/surface.ts'

let element: HTMLElement
beforeEach(() => {
  element = document.createElement('div')
  element.setPointerCapture = () => {}
})

function pointer(type: string, x: number, y: number, pointerId = 1): PointerEvent {
  return Object.assign(new MouseEvent(type, { clientX: x, clientY: y }), { pointerId }) as unknown as PointerEvent
}
const send = (...event: Parameters<typeof pointer>): boolean => element.dispatchEvent(pointer(...event))

describe('a wheel', () => {
  const wheel = (init: WheelEventInit): ReturnType<typeof wheelMotion> => wheelMotion(new WheelEvent('wheel', init), 600)

  test('enlarges when it is turned away, and back by as much', () => {
    const { factor } = wheel({ deltaY: -120 })
    expect(factor).toBeCloseTo(Math.SQRT2)
    expect(wheel({ deltaY: 120 }).factor).toBeCloseTo(1 / factor)
  })
  test('that counts lines or pages zooms as one that counts pixels', () => {
    expect(wheel({ deltaY: 3, deltaMode: 1 }).factor).toBeCloseTo(wheel({ deltaY: 48 }).factor)
    expect(wheel({ deltaY: 0.2, deltaMode: 2 }).factor).toBeCloseTo(wheel({ deltaY: 120 }).factor)
  })
  test('that sends many notches at once never more than doubles', () => {
    expect(wheel({ deltaY: -5000 }).factor).toBe(2)
    expect(wheel({ deltaY: 5000 }).factor).toBe(0.5)
  })
  test('is told from two fingers that pinch, whose steps are small', () => {
    expect(wheel({ deltaY: -6, ctrlKey: true }).factor).toBeCloseTo(2 ** 0.25)
    expect(wheel({ deltaY: -120, ctrlKey: true }).factor).toBeCloseTo(Math.SQRT2)
  })
  test('moves the surface sideways when it goes sideways', () => {
    expect(wheel({ deltaX: 30, deltaY: 4 })).toEqual({ factor: 1, dx: -30 })
    expect(wheel({ deltaX: 4, deltaY: 30 }).dx).toBe(0)
  })
})

describe('a drag', () => {
  test('follows the pointer that began it, and no other, until it is let go', () => {
    const places: number[] = []
    const ends: boolean[] = []
    follow(
      element,
      pointer('pointerdown', 0, 0),
      ({ x }) => places.push(x),
      (released) => ends.push(released),
    )
    send('pointermove', 5, 0)
    send('pointermove', 90, 0, 2)
    send('pointerup', 90, 0, 2)
    send('pointermove', 8, 0)
    send('pointerup', 8, 0)
    send('pointermove', 20, 0)
    expect(places).toEqual([5, 8])
    expect(ends).toEqual([true])
  })
  test('that is taken away says so', () => {
    const ends: boolean[] = []
    follow(
      element,
      pointer('pointerdown', 0, 0),
      () => {},
      (released) => ends.push(released),
    )
    send('pointercancel', 0, 0)
    expect(ends).toEqual([false])
  })
})

describe('what is drawn around', () => {
  function draw(box: boolean): { results: (readonly (readonly [number, number])[] | null)[]; stop: () => void; shown: () => number } {
    const results: (readonly (readonly [number, number])[] | null)[] = []
    let shown = 0
    const stop = drawAround(element, pointer('pointerdown', 10, 10), {
      box,
      toSurface: ({ x, y }) => [2 * x, -y],
      changed: (outline) => {
        shown = outline.length
      },
      ended: (outline) => results.push(outline),
    })
    return { results, stop, shown: () => shown }
  }

  test('is a line with a corner every few pixels, in the numbers of the surface', () => {
    const { results } = draw(false)
    send('pointermove', 11, 10)
    send('pointermove', 20, 10)
    send('pointermove', 20, 30)
    send('pointerup', 20, 30)
    expect(results).toEqual([
      [
        [20, -10],
        [40, -10],
        [40, -30],
      ],
    ])
  })
  test('is a box between where it began and where it is', () => {
    const { results } = draw(true)
    send('pointermove', 30, 40)
    send('pointerup', 30, 40)
    expect(results).toEqual([
      [
        [20, -10],
        [60, -10],
        [60, -40],
        [20, -40],
      ],
    ])
  })
  test('is nothing after a mere click', () => {
    const { results } = draw(false)
    send('pointerup', 10, 10)
    expect(results).toEqual([null])
  })
  test('can be given up half way, and the pointer may move on', () => {
    const { results, stop, shown } = draw(false)
    send('pointermove', 20, 10)
    send('pointermove', 20, 30)
    stop()
    send('pointermove', 60, 60)
    send('pointerup', 60, 60)
    expect(results).toEqual([null])
    expect(shown()).toBe(3)
  })
})

describe('keys', () => {
  const asked: unknown[] = []
  const surface = {
    shift: (...by: number[]) => asked.push(by),
    enlarge: (factor: number) => asked.push(factor),
    showAll: () => asked.push('all'),
  }
  beforeEach(() => asked.splice(0))
  const press = (key: string, init: KeyboardEventInit = {}): boolean => moveByKey(new KeyboardEvent('keydown', { key, ...init }), surface)

  test('move, zoom and show everything', () => {
    expect([press('ArrowLeft'), press('ArrowDown', { shiftKey: true }), press('+'), press('-'), press('0')]).not.toContain(false)
    expect(asked).toEqual([[60, 0], [0, -240], 1.5, 1 / 1.5, 'all'])
  })
  test('that mean something else are left alone', () => {
    expect([press('a'), press('0', { ctrlKey: true }), press('Escape')]).toEqual([false, false, false])
    expect(asked).toEqual([])
  })
})
