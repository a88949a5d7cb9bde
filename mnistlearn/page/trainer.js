// A model that learns: the seven steps, a batch at a time.
import {forward, gradients, mnistLoss, step} from './arithmetic.js'

export function randomNumbers(seed) { // a function that gives numbers from 0 to 1, always the same ones
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0)/2**32
  }
}

function normal(random) {
  return Math.sqrt(-2*Math.log(1 - random()))*Math.cos(2*Math.PI*random())
}

const drawn = (shape, std, random) => {
  const data = new Float32Array(shape.reduce((a, b) => a*b)).map(() => std*normal(random))
  return {shape, data}
}

export function initParams(kind, large, random) { // small, so that all can still learn, or large
  if (kind === 'linear') return [drawn([1, 784], large ? 1 : .02, random), drawn([1], large ? 1 : .02, random)]
  const scale = large ? 10 : 1
  return [drawn([30, 784], scale*.02, random), drawn([30], scale*.02, random),
          drawn([1, 30], scale*.1, random), drawn([1], scale*.1, random)]
}

export class Trainer {
  constructor(train, valid, params, {batchSize, rate, seed = 1}) { // train, valid: {x: floats (n, 784), y (n)}
    Object.assign(this, {train, valid, params, batchSize, rate, random: randomNumbers(seed)})
    this.steps = 0
    this.seen = 0 // images
    this.at = Infinity // no order yet
  }

  get n() { return this.train.y.length }
  get epochs() { return this.seen/this.n }

  shuffle() {
    this.order = Int32Array.from({length: this.n}, (_, i) => i)
    for (let i = this.n - 1; i > 0; i--) {
      const j = Math.floor(this.random()*(i + 1)), swapped = this.order[i]
      this.order[i] = this.order[j]
      this.order[j] = swapped
    }
    this.at = 0
  }

  step() { // one batch: predictions, loss, gradients, a step -> the loss before it
    if (this.at >= this.n) this.shuffle()
    const chosen = this.order.subarray(this.at, this.at + this.batchSize), size = chosen.length
    const x = new Float32Array(784*size), y = Array.from(chosen, i => this.train.y[i])
    chosen.forEach((i, row) => x.set(this.train.x.subarray(784*i, 784*(i + 1)), 784*row))
    const {loss, grads} = gradients(this.params, x, y, size)
    step(this.params, grads, this.rate)
    this.at += size
    this.seen += size
    this.steps++
    return loss
  }

  validate() { return this.measure(this.valid.x, this.valid.y) }

  measureTraining(most) { // on the first of the images that it learns from
    const n = Math.min(most, this.n)
    return this.measure(this.train.x.subarray(0, 784*n), this.train.y.slice(0, n))
  }

  measure(x, y) { // -> loss, accuracy, the outputs, and for each image whether it is read right
    const {outputs} = forward(this.params, x, y.length)
    const right = Array.from(outputs, (o, i) => (o > 0) === Boolean(y[i]))
    return {loss: mnistLoss(outputs, y).loss, accuracy: right.filter(Boolean).length/y.length, right, outputs}
  }
}

export function asInputs({x, y}) { // bytes (n, 784) and targets, as the state has them
  return {x: Float32Array.from(x.data, v => v/255), y: Array.from(y.data)}
}
