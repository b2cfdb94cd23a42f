/**
 * Posterior collapse: numbers of a code that say nothing about a row, and why.
 *
 *   unit j is (ε, δ)-collapsed  ⇔  KL( q(z_j|x) ‖ p(z_j) ) < ε  for at least 1 − δ of the rows       Lucas et al. 2019, arXiv 1911.02469
 *
 * Why, after Dang et al. 2024 (arXiv 2306.05023), whose theorems are for linear models: what the best model keeps are the directions
 * whose variance is above the price of a code times the decoder's noise,
 *
 *   a_i > β η²       with a learned width of q,      a_i > β η² σ²       with a fixed one,
 *
 * a_i the eigenvalues of the covariance of x; where conditions c are given, of what x is beyond its regression on c. Each kept direction
 * costs ½ ln(a_i / β η²) nats with a learned width, and every further unit collapses: because there are no more directions, because they
 * are below the noise, or because the conditions tell them already. With a fixed width nothing turns directions along the units, so no
 * single unit need collapse. In a hierarchy whose first width is learned, the second level can be left empty at no loss. For bent
 * models this says where to look, not what must be.
 *
 * What a fixed width costs every row alike, ½ (σ² − 1 − ln σ²), tells nothing and is taken off before a unit is compared with ε.
 */
import { counted, nounFor } from '#common/domain/words.ts'
/** Learned, or fixed to a standard deviation σ; 'fixed' alone is to 1, the prior's. */
export type Width = 'learned' | 'fixed' | number

export interface CollapseGiven {
  /** [n × Z] in nats, row-major. */
  readonly kl: Float32Array
  readonly units: number
  /** ε in nats and δ; default 0.01 and 0.01. */
  readonly epsilon?: number
  readonly delta?: number
  /** Of q(z|x); of a hierarchy that of the second level. */
  readonly width: Width
  /** Of a hierarchy: units of the first level, which come first. */
  readonly firstLevel?: { readonly units: number; readonly width: Width }
  /** β, the price of a nat at the end of the training; null where the loss has none, so that the theory does not speak of it. */
  readonly price: number | null
  /** η², variance of the decoder's noise; null where it has none that is one number. */
  readonly noiseVariance: number | null
  /** Eigenvalues of the covariance of prepared rows, without conditions, in any order; those left out count as smaller than all. */
  readonly eigenvalues?: ArrayLike<number>
  /** The same of what is left of the rows after a linear regression on their conditions. */
  readonly eigenvaluesBeyondConditions?: ArrayLike<number>
}

export type CollapseCause =
  | 'fewer-directions-than-units'
  | 'directions-below-noise'
  | 'price-above-one'
  | 'conditions-tell-it'
  | 'first-width-learned'
  | 'beyond-linear-theory'

export interface CollapseReport {
  readonly epsilon: number
  readonly delta: number
  /** Per unit: mean KL, share of rows below ε, and whether it is collapsed. */
  readonly units: readonly { readonly meanKl: number; readonly shareBelow: number; readonly collapsed: boolean }[]
  readonly collapsed: number
  /** β η², times σ² where the width is fixed, and how many directions the best linear model would keep at most; null where it cannot be told. */
  readonly criterion: { readonly threshold: number; readonly directionsAbove: number } | null
  /** Empty when no unit is collapsed; the likeliest first. */
  readonly causes: readonly { readonly cause: CollapseCause; readonly message: string; readonly hint: string }[]
}

/** Time and memory: one pass over `kl`, a few numbers per unit. */
export function posteriorCollapse(given: CollapseGiven): CollapseReport {
  const { kl, units: Z, epsilon = 0.01, delta = 0.01 } = given
  const n = Z > 0 ? Math.floor(kl.length / Z) : 0
  const sums = new Float64Array(Z)
  const below = new Float64Array(Z)
  const constant = Array.from({ length: Z }, (_, j) => constantOf(widthOf(given, j)))
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < Z; j++, at++) {
      sums[j] += kl[at]
      if (kl[at] - constant[j] < epsilon) below[j]++
    }
  const units = Array.from({ length: Z }, (_, j) => {
    const shareBelow = n > 0 ? below[j] / n : 0
    return { meanKl: n > 0 ? sums[j] / n : 0, shareBelow, collapsed: n > 0 && below[j] >= (1 - delta) * n }
  })
  const collapsed = units.filter((unit) => unit.collapsed).length
  const criterion = criterionOf(given)
  return { epsilon, delta, units, collapsed, criterion, causes: collapsed === 0 ? [] : causesOf(given, units, criterion) }
}

const widthOf = ({ width, firstLevel }: CollapseGiven, unit: number): Width =>
  firstLevel && unit < firstLevel.units ? firstLevel.width : width

/** KL( N(0, σ²) ‖ N(0, 1) ) */
const constantOf = (width: Width): number => (typeof width === 'number' ? 0.5 * (width ** 2 - 1 - 2 * Math.log(width)) : 0)

const countAbove = (values: ArrayLike<number>, threshold: number): number => Array.from(values).filter((value) => value > threshold).length

function criterionOf(given: CollapseGiven): CollapseReport['criterion'] {
  const { price, noiseVariance, eigenvalues, eigenvaluesBeyondConditions } = given
  const known = eigenvaluesBeyondConditions ?? eigenvalues
  if (noiseVariance === null || price === null || !known) return null
  const width = widthOf(given, 0)
  const threshold = price * noiseVariance * (typeof width === 'number' ? width ** 2 : 1)
  return { threshold, directionsAbove: countAbove(known, threshold) }
}

function causesOf(given: CollapseGiven, units: CollapseReport['units'], criterion: CollapseReport['criterion']): CollapseReport['causes'] {
  const causes: { cause: CollapseCause; message: string; hint: string }[] = []
  const { price, eigenvalues, eigenvaluesBeyondConditions, firstLevel } = given
  const first = firstLevel?.units ?? units.length
  const second = units.slice(first)
  const idle = second.filter(({ collapsed }) => collapsed).length
  if (firstLevel?.width === 'learned' && idle > 0)
    causes.push({
      cause: 'first-width-learned',
      message: `${counted(idle, 'unit')} of the second level ${nounFor(idle, 'tells', 'tell')} nothing, and the width of the first level is learned: then the first level can do all that the second could.`,
      hint: 'Fix the width of the first level, so that the second has something left to say.',
    })
  const inFirst = units.slice(0, first).filter(({ collapsed }) => collapsed).length
  if (inFirst === 0) return causes.length > 0 ? causes : [price === null ? untold : unknown(price)]
  if (!criterion || price === null) {
    causes.push(untold)
    return causes
  }
  const { threshold, directionsAbove } = criterion
  if (eigenvalues && eigenvaluesBeyondConditions) {
    const told = countAbove(eigenvalues, threshold) - directionsAbove
    if (told > 0 && directionsAbove < first)
      causes.push({
        cause: 'conditions-tell-it',
        message: `The known influences tell ${counted(told, 'direction')} of the data already, so the code need not.`,
        hint: 'This is what they are given for; choose a smaller code, or fewer known influences if the code shall tell more.',
      })
  }
  if (price > 1) {
    const atOne = countAbove(eigenvaluesBeyondConditions ?? eigenvalues ?? [], threshold / price)
    if (atOne > directionsAbove && directionsAbove < first)
      causes.push({
        cause: 'price-above-one',
        message: `At a price of ${rounded(price)} a direction pays only with a variance above ${rounded(threshold)}; ${atOne - directionsAbove} more would pay at a price of 1.`,
        hint: 'Choose a smaller price of the code (β).',
      })
  }
  if (directionsAbove < first) {
    const known = eigenvaluesBeyondConditions ?? eigenvalues ?? []
    const belowNoise = countAbove(known, 0) > directionsAbove
    causes.push(
      belowNoise
        ? {
            cause: 'directions-below-noise',
            message: `${counted(directionsAbove, 'direction')} of the data ${nounFor(directionsAbove, 'has', 'have')} a variance above ${rounded(threshold)}, the price times the noise; the other units would cost more than they explain.`,
            hint: 'Choose a code of about that size. A smaller price or a smaller width of the noise would keep more, noise among it.',
          }
        : {
            cause: 'fewer-directions-than-units',
            message: `The data vary in ${counted(directionsAbove, 'direction')} only, and there ${nounFor(first, 'is', 'are')} ${counted(first, 'unit')}.`,
            hint: 'Nothing is lost: choose a smaller code.',
          },
    )
  } else causes.push(unknown(price))
  return causes
}

const untold: CollapseReport['causes'][number] = {
  cause: 'beyond-linear-theory',
  message:
    'Why cannot be told by variances: the theory is of a price for the code of each row, and of Gaussian noise that is as wide in all columns.',
  hint: 'Try a longer warm-up of the price, less hold of the code, or a smaller code.',
}

const unknown = (price: number): CollapseReport['causes'][number] => ({
  cause: 'beyond-linear-theory',
  message: 'By the variances alone these units would pay: what keeps them empty is the training or the bend of the layers.',
  hint:
    price > 1
      ? 'Try a smaller price of the code, a longer warm-up or free bits.'
      : 'Try a longer warm-up of the price, free bits, or a smaller code.',
})

const rounded = (value: number): string => String(Number(value.toPrecision(3)))
