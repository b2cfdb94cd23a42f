/** What can be dropped on the start page, by what a row of it is; formats by the id of their reader. */
export const formats: readonly { readonly title: string; readonly readers: Readonly<Record<string, string>> }[] = [
  { title: 'Scenes', readers: { geotiff: 'GeoTIFF', envi: 'ENVI', netcdf: 'NetCDF', mat: 'MATLAB', stack: 'folders of bands' } },
  { title: 'Cells', readers: { h5ad: 'h5ad', tenx: '10x', loom: 'Loom', mtx: 'Matrix Market', 'gene-table': 'genes as text' } },
  { title: 'Tables and series', readers: { csv: 'CSV', xlsx: 'Excel', parquet: 'Parquet', arrow: 'Arrow', json: 'JSON' } },
  { title: 'Vectors', readers: { npy: 'npy', npz: 'npz', safetensors: 'safetensors' } },
]
