/**
 * Arithmetic typed into a number field: 2*4096, (3+1)/2, 1e-4, 4 096, −3.
 * Recursive descent over + − * / ^ and brackets; no names, nothing is evaluated as code.
 */
export function evaluate(text: string): number | null {
  const source = text
    .replace(/[\s\u202f\u00a0]/g, '')
    .replace(/−/g, '-')
    .replace(/[×·]/g, '*')
    .replace(/,/g, '.')
  if (source === '') return null
  let at = 0

  const sum = (): number => {
    let value = product()
    while (source[at] === '+' || source[at] === '-') value = source[at++] === '+' ? value + product() : value - product()
    return value
  }
  const product = (): number => {
    let value = power()
    while (source[at] === '*' || source[at] === '/') value = source[at++] === '*' ? value * power() : value / power()
    return value
  }
  const power = (): number => {
    const base = signed()
    if (source[at] !== '^') return base
    at++
    return base ** power()
  }
  const signed = (): number => {
    if (source[at] === '-') return at++, -signed()
    if (source[at] === '+') return at++, signed()
    return atom()
  }
  const atom = (): number => {
    if (source[at] === '(') {
      at++
      const value = sum()
      if (source[at++] !== ')') return Number.NaN
      return value
    }
    const number = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i.exec(source.slice(at))
    if (!number) return Number.NaN
    at += number[0].length
    return Number(number[0])
  }

  const value = sum()
  return at === source.length && Number.isFinite(value) ? value : null
}
