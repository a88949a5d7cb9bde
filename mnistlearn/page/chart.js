// Curves: a picture of lines and points in SVG, with its axes.
import {s} from './elements.js'

const margin = {left: 52, right: 14, top: 30, bottom: 38}

const tidy = value => {
  const size = Math.abs(value)
  if (size >= 10_000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(size < 1 ? 2 : 3))).replace('-', '−')
}

export class Chart {
  // x, y: the first and the last number; sayX: what to write at those of the x axis
  constructor({title, x, y, xLabel, yLabel, sayX = tidy, width = 440, height = 280}) {
    Object.assign(this, {x, y, sayX, width, height})
    this.frame = s('g')
    this.content = s('g')
    const size = {viewBox: `0 0 ${width} ${height}`, style: `aspect-ratio: ${width}/${height}`}
    this.element = s('svg', {...size, class: 'chart', role: 'img', 'aria-label': title},
      s('text', {x: 12, y: 19, class: 'title'}, title), this.frame, this.content)
    this.labels = [xLabel, yLabel]
    this.drawFrame()
  }

  drawFrame() {
    const {left, right, top, bottom} = margin, {width, height, labels: [xLabel, yLabel]} = this
    const foot = height - bottom, end = width - right
    this.frame.replaceChildren(
      s('path', {class: 'axis', d: `M${left} ${top}V${foot}H${end}`}),
      s('text', {x: left, y: foot + 15}, this.sayX(this.x[0])),
      s('text', {x: end, y: foot + 15, 'text-anchor': 'end'}, this.sayX(this.x[1])),
      s('text', {x: (left + end)/2, y: foot + 30, 'text-anchor': 'middle'}, xLabel),
      s('text', {x: left - 5, y: foot, 'text-anchor': 'end'}, tidy(this.y[0])),
      s('text', {x: left - 5, y: top + 10, 'text-anchor': 'end'}, tidy(this.y[1])),
      s('text', {x: left - 8, y: (top + foot)/2, 'text-anchor': 'middle',
                 transform: `rotate(-90 ${left - 8} ${(top + foot)/2}) translate(0 -22)`}, yLabel))
  }

  range(x, y) { // other first and last numbers
    Object.assign(this, {x, y})
    this.drawFrame()
  }

  px(x) { return margin.left + (x - this.x[0])/(this.x[1] - this.x[0])*(this.width - margin.left - margin.right) }
  py(y) {
    const share = (y - this.y[0])/(this.y[1] - this.y[0])
    return this.height - margin.bottom - share*(this.height - margin.top - margin.bottom)
  }

  placeOf(event) { // of a pointer -> [x, y]
    const box = this.element.getBoundingClientRect(), scale = this.width/box.width
    const across = ((event.clientX - box.left)*scale - margin.left)/(this.width - margin.left - margin.right)
    const up = (this.height - margin.bottom - (event.clientY - box.top)*scale)/(this.height - margin.top - margin.bottom)
    return [this.x[0] + across*(this.x[1] - this.x[0]), this.y[0] + up*(this.y[1] - this.y[0])]
  }

  onDrag(move) { // `move(x, y)` where the pointer is down
    const {element} = this
    let held
    element.style.touchAction = 'none'
    element.addEventListener('pointerdown', e => {
      held = e.pointerId
      element.setPointerCapture(held)
      move(...this.placeOf(e))
    })
    element.addEventListener('pointermove', e => { if (e.pointerId === held) move(...this.placeOf(e)) })
    for (const end of ['pointerup', 'pointercancel']) element.addEventListener(end, () => { held = undefined })
  }

  within(x, y) { // on the picture, or at its edge
    const inside = (v, low, high) => Math.min(high, Math.max(low, v))
    return [inside(this.px(x), 2, this.width - 2), inside(this.py(y), 2, this.height - 2)]
  }

  curve(points, kind = '') {
    const known = points.filter(point => point.every(Number.isFinite))
    const path = known.map(([x, y]) => this.within(x, y).map(v => v.toFixed(1)).join(' '))
    return s('path', {class: `curve ${kind}`, d: path.length ? `M${path.join('L')}` : ''})
  }

  line([[x1, y1], [x2, y2]], kind) {
    const from = this.within(x1, y1), to = this.within(x2, y2)
    return s('line', {class: kind, x1: from[0], y1: from[1], x2: to[0], y2: to[1]})
  }

  dot(x, y, kind = 'point', r = 5) {
    const [cx, cy] = this.within(x, y)
    return s('circle', {class: kind, cx, cy, r})
  }

  text(x, y, text, attributes = {}) {
    const [left, top] = this.within(x, y)
    return s('text', {x: left, y: top, ...attributes}, text)
  }

  show(...children) { this.content.replaceChildren(...children) }
}

export const curveOf = (f, [from, to], n = 120) => Array.from({length: n + 1}, (_, i) => {
  const x = from + (to - from)*i/n
  return [x, f(x)]
})
