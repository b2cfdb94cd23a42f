/** How Arrow files and streams begin. */

export const isArrow = (head: Uint8Array): boolean => String.fromCharCode(...head.subarray(0, 6)) === 'ARROW1'

/** A stream begins with the mark of a message and the length of the schema, which is a multiple of 8. */
export const isArrowStream = (head: Uint8Array): boolean =>
  head.length > 16 && head.subarray(0, 4).every((byte) => byte === 255) && head[7] === 0 && (head[4] as number) % 8 === 0
