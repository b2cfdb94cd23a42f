import type { Grid } from '../../../../../src-main/common/domain/grid.ts'

export const utmGrid: Grid = {
  width: 1600,
  height: 1200,
  transform: [10, 0, 610_000, 0, -10, 6_560_000],
  georeferenced: true,
  geoKeys: {},
  crs: {
    code: 'EPSG:32754',
    name: 'WGS 84 / UTM zone 54S',
    unit: 'metre',
    proj4: '+proj=utm +zone=54 +south +datum=WGS84 +units=m +no_defs',
  },
}
export const degreeGrid: Grid = {
  ...utmGrid,
  width: 200,
  height: 200,
  transform: [0.001, 0, 10, 0, -0.001, 60.1],
  crs: { code: 'EPSG:4326', name: 'WGS 84', unit: 'degree', proj4: '+proj=longlat +datum=WGS84' },
}
