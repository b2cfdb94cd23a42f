import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { thatMatter } from '../../../../../src-renderer/features/forms/fields.ts'
import ParameterForm from '../../../../../src-renderer/features/forms/ParameterForm.svelte'

const schema = z.toJSONSchema(
  z.object({
    batchSize: z.int().min(1).max(65_536).default(256).meta({
      title: 'Rows per step',
      unit: 'rows',
      group: 'Training',
      paperTerm: 'batch size',
      description: 'Rows averaged in one step.',
    }),
    layers: z.array(z.int().min(1)).default([6, 4, 2]).meta({ title: 'Layers', group: 'Layers' }),
    output: z.enum(['linear', 'sigmoid']).default('linear').meta({ title: 'Output', group: 'Layers' }),
    activation: z.enum(['selu', 'relu', 'elu', 'tanh', 'linear']).default('selu').meta({ title: 'Bend', group: 'Layers' }),
    weightDecay: z.number().min(0).default(0).meta({ title: 'Weight decay', group: 'Training', advanced: true }),
    holdout: z.number().min(0).max(0.9).default(0.2).meta({ title: 'Held out', unit: 'share' }),
    join: z.boolean().default(true).meta({ title: 'Join stages' }),
  }),
  { io: 'input' },
) as Record<string, unknown>

test('the field speaks of pixels for a scene', () => {
  render(ParameterForm, { schema, values: {}, onchange: vi.fn(), kind: 'raster' })
  expect(screen.getByLabelText('Pixels per step')).toBeTruthy()
  expect(screen.getByText('Pixels averaged in one step.')).toBeTruthy()
})

test('a value that differs from the preset is marked and can be taken back', async () => {
  const onchange = vi.fn()
  render(ParameterForm, { schema, values: { batchSize: 4096 }, preset: { batchSize: 64 }, onchange, kind: 'raster' })
  expect(screen.getByText('Pixels per step').className).toContain('changed')
  expect(screen.getByText(/Preset says 64/)).toBeTruthy()
  await fireEvent.click(screen.getByRole('button', { name: 'Undo' }))
  expect(onchange).toHaveBeenLastCalledWith({})
})

test('only what differs from the preset is kept', async () => {
  const onchange = vi.fn()
  render(ParameterForm, { schema, values: {}, preset: { batchSize: 64 }, onchange })
  const field = screen.getByLabelText('Rows per step')
  await fireEvent.input(field, { target: { value: '128' } })
  expect(onchange).toHaveBeenLastCalledWith({ batchSize: 128 })
  await fireEvent.input(field, { target: { value: '64' } })
  expect(onchange).toHaveBeenLastCalledWith({})
})

test('few choices stand side by side, many in a list', async () => {
  const onchange = vi.fn()
  render(ParameterForm, { schema, values: {}, onchange })
  await fireEvent.click(screen.getByRole('radio', { name: 'Sigmoid' }))
  expect(onchange).toHaveBeenLastCalledWith({ output: 'sigmoid' })
  expect(screen.getByRole('combobox').querySelectorAll('option')).toHaveLength(5)
})

test('a list of layers is typed as text, and nonsense is refused in one line', async () => {
  const onchange = vi.fn()
  render(ParameterForm, { schema, values: {}, onchange })
  const field = screen.getByRole('textbox', { name: 'Layers' })
  await fireEvent.input(field, { target: { value: '64, 16, 4' } })
  expect(onchange).toHaveBeenLastCalledWith({ layers: [64, 16, 4] })
  onchange.mockClear()
  await fireEvent.input(field, { target: { value: '64, x' } })
  expect(onchange).not.toHaveBeenCalled()
  expect(screen.getByRole('alert').textContent).toContain('Whole numbers')
})

test('a share is typed as a percentage', async () => {
  const onchange = vi.fn()
  render(ParameterForm, { schema, values: {}, onchange })
  const field = screen.getByLabelText<HTMLInputElement>('Held out')
  expect(field.value).toBe('20')
  await fireEvent.input(field, { target: { value: '30' } })
  expect(onchange).toHaveBeenLastCalledWith({ holdout: 0.3 })
})

test('advanced settings are folded until they are wanted or set', async () => {
  const { rerender } = render(ParameterForm, { schema, values: {}, onchange: vi.fn() })
  expect(screen.queryByLabelText('Weight decay')).toBeNull()
  await fireEvent.click(screen.getByRole('button', { name: '1 more setting' }))
  expect(screen.getByLabelText('Weight decay')).toBeTruthy()
  await rerender({ values: { weightDecay: 0.1 } })
  expect(screen.getByLabelText('Weight decay')).toBeTruthy()
})

test('what the engine says about a value stands at its field', () => {
  render(ParameterForm, { schema, values: {}, onchange: vi.fn(), errors: { layers: 'At most 10 columns.' } })
  expect(screen.getByRole('alert').textContent).toBe('At most 10 columns.')
})

test('nothing can be changed while it is fixed', () => {
  render(ParameterForm, { schema, values: {}, onchange: vi.fn(), disabled: true })
  expect(screen.getByLabelText<HTMLInputElement>('Rows per step').disabled).toBe(true)
  expect(screen.getByLabelText<HTMLInputElement>('Join stages').disabled).toBe(true)
})

const dependent = z.toJSONSchema(
  z.object({
    optimiser: z
      .enum(['adam', 'sgd'])
      .default('adam')
      .meta({ title: 'Optimiser', labels: { adam: 'Adam', sgd: 'Gradient descent' } }),
    nesterov: z
      .boolean()
      .default(false)
      .meta({ title: 'Look ahead', showWhen: { optimiser: ['sgd'] } }),
  }),
  { io: 'input' },
) as Record<string, unknown>

test('a field that changes nothing beside the others is left out, unless the engine complains of it', () => {
  const { unmount } = render(ParameterForm, { schema: dependent, values: {}, onchange: vi.fn() })
  expect(screen.queryByText('Look ahead')).toBeNull()
  unmount()
  const again = render(ParameterForm, { schema: dependent, values: { optimiser: 'sgd' }, onchange: vi.fn() })
  expect(screen.getByText('Look ahead')).toBeTruthy()
  again.unmount()
  render(ParameterForm, { schema: dependent, values: {}, errors: { nesterov: 'It does not suit Adam.' }, onchange: vi.fn() })
  expect(screen.getByText('It does not suit Adam.')).toBeTruthy()
})

test('what was set of such a field is kept for later and not asked for now', () => {
  expect(thatMatter(dependent, { nesterov: true })).toEqual({})
  expect(thatMatter(dependent, { nesterov: true }, { optimiser: 'sgd' })).toEqual({ nesterov: true })
})

test('names to choose among are added from a list and taken out again', async () => {
  const onchange = vi.fn()
  const named = z.toJSONSchema(z.object({ fields: z.array(z.string()).default([]).meta({ title: 'Fields' }) }), { io: 'input' })
  const props = { schema: named as Record<string, unknown>, choices: { fields: ['batch', 'sensor', 'day'] }, onchange }
  render(ParameterForm, { ...props, values: { fields: ['sensor'] } })
  const list = screen.getByRole('combobox')
  expect([...list.querySelectorAll('option')].map(({ textContent }) => textContent)).toEqual(['Add another', 'batch', 'day'])
  await fireEvent.change(list, { target: { selectedIndex: 2 } })
  expect(onchange).toHaveBeenLastCalledWith({ fields: ['sensor', 'day'] })
  await fireEvent.click(screen.getByRole('button', { name: /Leave out sensor/ }))
  expect(onchange).toHaveBeenLastCalledWith({})
})
