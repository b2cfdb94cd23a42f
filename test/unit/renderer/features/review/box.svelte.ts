/** A reactive value for controllers that read one. */
export class Box<Value> {
  value = $state.raw() as Value
  constructor(value: Value) {
    this.value = value
  }
}
