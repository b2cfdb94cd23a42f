/** Powers of ten as doubles: exact up to 10^22, correctly rounded above. */
export const mostExactPower = 22
export const mostPower = 300
export const powersOfTen = Float64Array.from({ length: mostPower + 1 }, (_, n) => Number(`1e${n}`))
