import { afterAll, vi } from 'vitest'

/** jsdom lays nothing out, so there is nothing to observe. */
export function withoutResizes(): void {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  )
}

/** Every element is as large as this says, in pixels, until the tests of the file are over. What is set on it later counts for what is drawn later. */
export function laidOut(width: number, height: number): { width: number; height: number } {
  withoutResizes()
  const size = { width, height }
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => size.width })
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => size.height })
  // Files share one document; those after this one find it as it was: jsdom has both on Element, with 0.
  afterAll(() => {
    for (const side of ['clientWidth', 'clientHeight']) Reflect.deleteProperty(HTMLElement.prototype, side)
  })
  return size
}
