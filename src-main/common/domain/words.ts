/** Counts and ranges in sentences. */

/** '1 row', '0 rows', '2 rows'; nouns that do not take an s name their plural. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** The word alone, where the count stands elsewhere or a verb has to follow it: nounFor(1, 'is', 'are'). */
export const nounFor = (n: number, one: string, many = `${one}s`): string => (n === 1 ? one : many)

/** '2 clusters' where both ends are one, else '2 to 7 clusters'. */
export const spanned = (from: number, to: number, one: string, many = `${one}s`): string =>
  from === to ? counted(from, one, many) : `${from} to ${to} ${many}`

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** '23 Nov 2026, 14:02' on the clock of this computer. */
export function localTime(time: string | number): string {
  const date = new Date(time)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()}, ${two(date.getHours())}:${two(date.getMinutes())}`
}
