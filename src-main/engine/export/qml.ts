/** QGIS layer styles (.qml) beside an exported map: QGIS applies them by itself when they carry the map's name. */
import type { LegendEntry } from '#common/domain/artifact.ts'
import { xmlText } from './geotiff/metadata.ts'

const document = (renderer: string): string => `<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28.0" styleCategories="Symbology">
  <pipe>
${renderer}
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
`

/** Unique values with the legend's colours and names; nodata stays transparent. */
export function classQml(legend: readonly LegendEntry[]): string {
  const entries = legend.map(
    ({ id, name, colour }) => `        <paletteEntry value="${id}" color="${colour}" alpha="255" label="${xmlText(name)}"/>`,
  )
  return document(`    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">
      <colorPalette>
${entries.join('\n')}
      </colorPalette>
    </rasterrenderer>`)
}

/** A linear ramp of equally spaced stops from `from` to `to`; values beyond get the end colours. */
export function rampQml(stops: readonly string[], from: number, to: number): string {
  const items = stops.map((colour, i) => {
    const value = from + ((to - from) * i) / (stops.length - 1)
    return `          <item value="${value}" color="${colour}" alpha="255" label="${Number(value.toPrecision(4))}"/>`
  })
  return document(`    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor="" classificationMin="${from}" classificationMax="${to}">
      <rastershader>
        <colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="${from}" maximumValue="${to}">
${items.join('\n')}
        </colorrampshader>
      </rastershader>
    </rasterrenderer>`)
}
