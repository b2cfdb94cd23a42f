/** Coordinate reference systems from WKT: codes where they are known, and definitions that put places where PROJ puts them. */
import proj4 from 'proj4'
import { describe, expect, it } from 'vitest'
import { converter, crsFromEpsg, crsFromWkt } from '../../../../src-main/engine/data/crs.ts'

const wgs84 =
  'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
const utm = (zone: number, meridian: number): string =>
  `PROJCS["WGS_1984_UTM_Zone_${zone}N",${wgs84},PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",${meridian}],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`

describe('a system from WKT', () => {
  it('has the code that the text ends with, in either version of WKT', async () => {
    expect(
      await crsFromWkt('PROJCS["anything",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["metre",1],AUTHORITY["EPSG","32633"]]'),
    ).toMatchObject({
      code: 'EPSG:32633',
      name: 'WGS 84 / UTM zone 33N',
    })
    expect(
      await crsFromWkt(
        'GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],ID["EPSG",4326]]',
      ),
    ).toMatchObject({
      code: 'EPSG:4326',
      unit: 'degree',
    })
  })
  it("has EPSG's code where ESRI's name is the same and the numbers agree, and only then", async () => {
    expect(await crsFromWkt(wgs84)).toMatchObject({ code: 'EPSG:4326' })
    expect(await crsFromWkt(utm(18, -75))).toMatchObject({ code: 'EPSG:32618', name: 'WGS 84 / UTM zone 18N' })
    expect(await crsFromWkt(utm(18, -69))).toMatchObject({ code: null, name: 'WGS_1984_UTM_Zone_18N', unit: 'metre' })
  })
  it('can be computed with where it has no code', async () => {
    const albers = await crsFromWkt(
      `PROJCS["My_Albers",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-96.0],PARAMETER["Standard_Parallel_1",29.5],PARAMETER["Standard_Parallel_2",45.5],PARAMETER["Latitude_Of_Origin",37.5],UNIT["Meter",1.0]]`,
    )
    // echo "-100 40" | gdaltransform -s_srs EPSG:4326 -t_srs "+proj=aea +lat_0=37.5 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +ellps=GRS80" (PROJ 9.1)
    const [x, y] = proj4(albers?.proj4 as string).forward([-100, 40])
    expect(x).toBeCloseTo(-338_390.5875, 3)
    expect(y).toBeCloseTo(287_313.8795, 3)
  })
  it('keeps its name where nothing can be computed, and is none where there is no WKT', async () => {
    expect(
      await crsFromWkt(
        'PROJCS["Odd",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]]],PROJECTION["Bonne"],UNIT["metre",1]]',
      ),
    ).toMatchObject({ name: 'Odd', proj4: null })
    expect(await crsFromWkt('not a system')).toBeNull()
    expect(await crsFromWkt('LOCAL_CS["Arbitrary"]')).toBeNull()
    expect(await crsFromWkt('PROJCS['.repeat(5000))).toBeNull()
  })
})

it('positions go from one system into another and stay where systems are the same', async () => {
  const [degrees, north] = [await crsFromEpsg(4326), await crsFromEpsg(32633)]
  const [x, y] = converter(degrees, north)?.(15, 45) ?? []
  expect(x).toBeCloseTo(500_000, 3)
  expect(y).toBeCloseTo(4_982_950.4, 1)
  expect(converter(north, north)?.(1, 2)).toEqual([1, 2])
  expect(converter({ ...degrees, code: null, proj4: null }, north)).toBeNull()
})
