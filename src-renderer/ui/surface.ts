/** Dragging, drawing around, wheels, touchpads and keys: the same on every surface that is moved and zoomed. */

interface Place {
  readonly x: number
  readonly y: number
}
type Corner = readonly [x: number, y: number]

/** Where a pointer is, in px from the upper left corner of an element. */
export function placeIn(element: Element, event: MouseEvent): Place {
  const box = element.getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

/**
 * Follows a pressed pointer until it is let go, also outside the element; another finger or button changes nothing.
 * @param ended told whether the pointer was let go, or taken away (another window, a gesture of the system, the returned function)
 * @returns gives the drag up
 */
export function follow(
  element: HTMLElement,
  { pointerId }: PointerEvent,
  moved: (at: Place, event: PointerEvent) => void,
  ended: (released: boolean) => void = () => {},
): () => void {
  element.setPointerCapture(pointerId)
  const move = (event: PointerEvent): void => {
    if (event.pointerId === pointerId) moved(placeIn(element, event), event)
  }
  const stop = (released: boolean): void => {
    element.removeEventListener('pointermove', move)
    element.removeEventListener('pointerup', release)
    element.removeEventListener('pointercancel', lose)
    ended(released)
  }
  const release = (event: PointerEvent): void => {
    if (event.pointerId === pointerId) stop(true)
  }
  const lose = (event: PointerEvent): void => {
    if (event.pointerId === pointerId) stop(false)
  }
  element.addEventListener('pointermove', move)
  element.addEventListener('pointerup', release)
  element.addEventListener('pointercancel', lose)
  return () => stop(false)
}

/** A hand trembles: a corner of a drawn line every so many px. */
const stepPx = 3

interface Drawing {
  readonly box: boolean
  /** Corners are kept in what is drawn on, so that it may be moved and zoomed meanwhile. */
  readonly toSurface: (at: Place) => Corner
  readonly changed: (outline: readonly Corner[]) => void
  /** The outline that was closed, or null when it was given up or is no area. */
  readonly ended: (outline: readonly Corner[] | null) => void
}

/** Draws a line around something, or a box. Returns what gives it up. */
export function drawAround(element: HTMLElement, event: PointerEvent, { box, toSurface, changed, ended }: Drawing): () => void {
  let last = placeIn(element, event)
  const first = toSurface(last)
  let outline: readonly Corner[] = [first]
  changed(outline)
  return follow(
    element,
    event,
    (at) => {
      if (!box && Math.hypot(at.x - last.x, at.y - last.y) < stepPx) return
      const corner = toSurface(at)
      outline = box ? [first, [corner[0], first[1]], corner, [first[0], corner[1]]] : [...outline, corner]
      last = at
      changed(outline)
    },
    (released) => ended(released && outline.length >= 3 ? outline : null),
  )
}

interface WheelMotion {
  /** What the surface is enlarged by, around the pointer. */
  readonly factor: number
  /** How far it moves sideways, in px. */
  readonly dx: number
}

const lineHeight = 16
/** A notch of a wheel, 100 or 120 px, enlarges by a third; two fingers that pinch on a touchpad send a tenth of that. */
const pxPerDoubling = 240
const pinchPerDoubling = 24
/** One event never enlarges by more: some wheels send many notches at once. */
const mostDoublings = 1

/** A wheel zooms, and so does pinching; two fingers that move sideways, or Shift and the wheel, move the surface. */
export function wheelMotion(event: WheelEvent, height: number): WheelMotion {
  const unit = event.deltaMode === 1 ? lineHeight : event.deltaMode === 2 ? height : 1
  const [x, y] = [event.deltaX * unit, event.deltaY * unit]
  if (!event.ctrlKey && Math.abs(x) > Math.abs(y)) return { factor: 1, dx: -x }
  const doublings = -y / (event.ctrlKey && Math.abs(y) < 50 ? pinchPerDoubling : pxPerDoubling)
  return { factor: 2 ** Math.min(mostDoublings, Math.max(-mostDoublings, doublings)), dx: 0 }
}

interface Movable {
  /** Moves what is seen by px. */
  shift(dx: number, dy: number): void
  /** Enlarges around the middle. */
  enlarge(factor: number): void
  showAll(): void
}

const keyStep = 60
const keyFactor = 1.5

/** Arrows move, with Shift four times as far, plus and minus zoom, 0 shows everything. False where a key means something else. */
export function moveByKey(event: KeyboardEvent, surface: Movable): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const by = event.shiftKey ? 4 * keyStep : keyStep
  const moves: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => surface.shift(by, 0),
    ArrowRight: () => surface.shift(-by, 0),
    ArrowUp: () => surface.shift(0, by),
    ArrowDown: () => surface.shift(0, -by),
    '+': () => surface.enlarge(keyFactor),
    '=': () => surface.enlarge(keyFactor),
    '-': () => surface.enlarge(1 / keyFactor),
    0: () => surface.showAll(),
  }
  moves[event.key]?.()
  return event.key in moves
}
