// Six operations between two weights and a loss: numbers forward, a node a click; then gradients back.
import {sigmoid} from './arithmetic.js'
import {button, h, s, Status} from './elements.js'

const say = v => (Object.is(v, -0) ? 0 : v).toFixed(3).replace('-', '−')

// Each node: where it stands, its parents, what it computes, and the slope for each parent, with that rule in words.
const times = ([p, q]) => ({value: p*q, slopes: [q, p], rule: 'times: each factor gets the gradient times the other'})
const plus = ([p, q]) => ({value: p + q, slopes: [1, 1], rule: 'plus: each summand gets the gradient as it is'})
const squeeze = ([p]) => {
  const value = sigmoid(p)
  return {value, slopes: [value*(1 - value)], rule: 'sigmoid: the gradient times σ·(1 − σ)'}
}
const distance = ([p]) => ({value: 1 - p, slopes: [-1], rule: '1 − …: the gradient with its sign turned'})

const nodes = {
  w: {name: 'weight w', x: 60, y: 40}, x: {name: 'pixel x', x: 60, y: 120},
  v: {name: 'weight v', x: 60, y: 220}, y: {name: 'pixel y', x: 60, y: 300},
  b: {name: 'bias b', x: 345, y: 300},
  wx: {name: 'w · x', x: 205, y: 80, parents: ['w', 'x'], compute: times},
  vy: {name: 'v · y', x: 205, y: 260, parents: ['v', 'y'], compute: times},
  sum: {name: '+', x: 345, y: 170, parents: ['wx', 'vy'], compute: plus},
  z: {name: '+ b', x: 480, y: 170, parents: ['sum', 'b'], compute: plus},
  p: {name: 'σ', x: 615, y: 170, parents: ['z'], compute: squeeze},
  loss: {name: 'loss = 1 − σ', x: 750, y: 170, parents: ['p'], compute: distance},
}
const leaves = Object.keys(nodes).filter(key => !nodes[key].parents)
const order = Object.keys(nodes).filter(key => nodes[key].parents) // each after its parents
const halfWidth = 43, halfHeight = 27 // of a box
const first = {w: .6, x: .9, v: -.8, y: .5, b: .1}

let graphs = 0 // for an id that no other has

// state: the numbers to begin with, {w, x, v, y, b}; any may be left out
export class GraphPanel {
  constructor(root, state) {
    this.first = {...first, ...state}
    this.inputs = {...this.first}
    this.tip = `tip-${graphs++}`
    this.svg = s('svg', {viewBox: '0 0 800 340', class: 'graph', role: 'img', 'aria-label': 'the computation'})
    this.status = new Status()
    this.forwardButton = button('forward', () => this.forward())
    this.backwardButton = button('backward', () => this.backward())
    this.stepButton = button('step w, v and b, at rate 1', () => this.step())
    this.fields = Object.fromEntries(leaves.map(key => {
      return [key, h('input', {type: 'number', step: .1, value: this.inputs[key], input: () => this.edit(key)})]
    }))
    root.replaceChildren(
      h('div', {class: 'row fields'}, ...leaves.map(key => h('label', {}, nodes[key].name, this.fields[key]))),
      h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'the graph'}, this.svg),
      h('div', {class: 'row'}, this.forwardButton, this.backwardButton, button('to the end', () => this.finish()),
        this.stepButton, button('start over', () => this.startOver())),
      this.status.element)
    this.reset()
  }

  edit(key) {
    const value = this.fields[key].valueAsNumber
    if (!Number.isFinite(value)) return this.status.say(`${nodes[key].name}: expected a number.`)
    const before = this.values.loss, forecast = this.gradients[key]*(value - this.inputs[key]), {name} = nodes[key]
    this.inputs[key] = value
    this.reset()
    if (!Number.isFinite(forecast)) return // its gradient was not known yet
    while (this.done < order.length) this.forward()
    this.show(`Its gradient forecast for ${name}: the loss changes by ${say(forecast)}. ` +
      `It was ${say(before)}, and is ${say(this.values.loss)}: a change of ${say(this.values.loss - before)}.`)
  }

  startOver() { // with the numbers of the beginning
    this.inputs = {...this.first}
    for (const key of leaves) this.fields[key].value = this.inputs[key]
    this.reset()
  }

  reset() {
    this.current = undefined
    this.values = {...this.inputs}
    this.gradients = {}
    this.slopes = {}
    this.done = 0 // nodes computed
    this.back = 0 // nodes gone back through
    this.show('Blue numbers are given. Click forward: each node takes the numbers of its parents.')
  }

  forward() {
    const key = order[this.done++], {parents, compute, name} = nodes[key]
    const {value, slopes} = compute(parents.map(parent => this.values[parent]))
    this.values[key] = value
    this.slopes[key] = slopes
    this.current = key
    const last = key === 'loss' ? ' The image is a 3, so σ should be 1, and the loss 0. Now click backward.' : ''
    this.show(`${name} is ${say(value)}.${last}`)
  }

  backward() {
    if (!this.back) this.gradients.loss = 1
    const key = order[order.length - 1 - this.back++], {parents, compute} = nodes[key]
    const gradient = this.gradients[key], {rule} = compute(parents.map(parent => this.values[parent]))
    const parts = parents.map((parent, i) => {
      this.gradients[parent] = gradient*this.slopes[key][i] // in this graph, each number is used once
      const slope = this.slopes[key][i]
      return `to ${nodes[parent].name} goes ${say(gradient)} × ${say(slope)} = ${say(this.gradients[parent])}`
    })
    const begin = key === 'loss' ? 'The loss itself has 1: it grows by 1 if it grows by 1. ' : ''
    this.current = key
    this.show(`${begin}${rule[0].toUpperCase()}${rule.slice(1)}. So ${parts.join('; ')}.`)
  }

  finish() {
    while (this.done < order.length) this.forward()
    while (this.back < order.length) this.backward()
    this.show('In orange the gradients: how fast the loss changes if this number alone grows. At the arrows, in grey, ' +
      'the slopes by which they are multiplied on their way.')
  }

  step() { // at rate 1
    for (const key of ['w', 'v', 'b']) {
      this.inputs[key] -= this.gradients[key]
      this.fields[key].value = Number(this.inputs[key].toFixed(4))
    }
    const before = this.values.loss
    this.reset()
    while (this.done < order.length) this.forward()
    this.show(`Each minus its gradient: the loss was ${say(before)}, and is ${say(this.values.loss)}.`)
  }

  show(text) {
    this.status.say(text)
    this.forwardButton.disabled = this.done === order.length
    this.backwardButton.disabled = this.done < order.length || this.back === order.length
    this.stepButton.disabled = this.back < order.length
    const arrows = order.flatMap(key => nodes[key].parents.map(parent => this.arrow(parent, key)))
    const size = {viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto'}
    const tip = s('marker', {id: this.tip, ...size}, s('path', {d: 'M0 0L8 4L0 8z', class: 'tip'}))
    this.svg.replaceChildren(s('defs', {}, tip), ...arrows, ...Object.keys(nodes).map(key => this.box(key)))
    this.svg.setAttribute('aria-label', this.inWords())
  }

  inWords() {
    const known = Object.keys(nodes).filter(key => key in this.values)
    const gradient = key => key in this.gradients ? `, gradient ${say(this.gradients[key])}` : ''
    return known.map(key => `${nodes[key].name}: ${say(this.values[key])}${gradient(key)}`).join('; ')
  }

  arrow(parent, key) {
    const from = nodes[parent], to = nodes[key]
    const ends = {x1: from.x + halfWidth, y1: from.y, x2: to.x - halfWidth, y2: to.y}
    const line = s('line', {class: 'arrow', ...ends, 'marker-end': `url(#${this.tip})`})
    if (!(parent in this.gradients)) return line
    const slope = this.slopes[key][to.parents.indexOf(parent)], x = (ends.x1 + ends.x2)/2, y = (ends.y1 + ends.y2)/2
    return s('g', {}, line, s('text', {x, y: y - 6, class: 'slope'}, `× ${say(slope)}`))
  }

  box(key) {
    const {name, x, y} = nodes[key], text = (dy, content, kind) => s('text', {x, y: y + dy, class: kind}, content)
    const known = key in this.values, has = key in this.gradients
    return s('g', {class: key === this.current ? 'node current' : 'node'},
      s('rect', {x: x - halfWidth, y: y - halfHeight, width: 2*halfWidth, height: 2*halfHeight, rx: 6}),
      text(-12, name, 'name'),
      text(4, known ? say(this.values[key]) : '?', 'value'), text(20, has ? say(this.gradients[key]) : '', 'gradient'))
  }
}
