import type { Column } from '#common/domain/dataset.ts'

/** 'B1 443 nm' → 'B1' where the wavelength is known and stands elsewhere. */
export const shortName = ({ name, wavelengthNm }: Column): string =>
  wavelengthNm === null ? name : name.replace(/[\s,(]*\d+(\.\d+)?\s*(nm|nanomet(er|re)s?)\)?$/i, '') || name
