/** Counts as they are written in what an evaluation says. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u2009')

/** 1 pixel, 33 544 pixels */
export const counted = (n: number, [one, many]: readonly [string, string]): string => `${grouped(n)} ${n === 1 ? one : many}`

const mostListed = 12
/** The first of many names. */
export const listed = (names: readonly string[]): string =>
  names.length <= mostListed ? names.join(', ') : `${names.slice(0, mostListed).join(', ')} and ${names.length - mostListed} more`
