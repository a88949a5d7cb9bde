// Curves: a picture of lines and points in SVG, with its axes.
import {s} from './elements.js'

const margin = {left: 60, right: 14, top: 30, bottom: 38}

const tidy = value => {
  if (Math.abs(value) >= 10_000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3))).replace('-', '−')
}

function roundNumbers(low, high, most = 5) { // between these two, not more than so many
  const rough = (high - low)/most, power = 10**Math.floor(Math.log10(rough))
  const step = power*[1, 2, 5, 10].find(factor => factor*power >= rough)
  const first = Math.ceil(low/step), last = Math.floor(high/step)
  return Array.from({length: last - first + 1}, (_, i) => (first + i)*step)
}

let charts = 0 // for an id that no other has

export class Chart {
  // x, y: the first and the last number; ticks: on the x axis, [number, what to write], by default these two
  constructor({title, x, y, xLabel, yLabel, ticks = null, width = 440, height = 280}) {
    Object.assign(this, {x, y, ticks, width, height})
    const {left, right, top, bottom} = margin, clip = `chart-${charts++}`
    const inside = {x: left, y: top - 4, width: width - left - right + 8, height: height - top - bottom + 8}
    this.frame = s('g')
    this.content = s('g', {'clip-path': `url(#${clip})`})
    const size = {viewBox: `0 0 ${width} ${height}`, style: `aspect-ratio: ${width}/${height}`}
    this.element = s('svg', {...size, class: 'chart', role: 'img', 'aria-label': title},
      s('clipPath', {id: clip}, s('rect', inside)), s('text', {x: 12, y: 19, class: 'title'}, title),
      this.frame, this.content)
    this.labels = [xLabel, yLabel]
    this.drawFrame()
  }

  drawFrame() {
    const {left, right, top, bottom} = margin, {width, height, labels: [xLabel, yLabel]} = this
    const foot = height - bottom, end = width - right
    const marks = this.ticks ?? roundNumbers(...this.x).map(x => [x, tidy(x)])
    const ticks = marks.filter(([x]) => x >= this.x[0] && x <= this.x[1])
    this.frame.replaceChildren(
      s('path', {class: 'axis', d: `M${left} ${top}V${foot}H${end}`}),
      ...ticks.map(([x]) => s('path', {class: 'axis', d: `M${this.px(x)} ${foot}v4`})),
      ...ticks.map(([x, text]) => {
        const anchor = this.px(x) > end - 12 ? 'end' : 'middle'
        return s('text', {x: this.px(x), y: foot + 16, 'text-anchor': anchor}, text)
      }),
      s('text', {x: (left + end)/2, y: foot + 31, 'text-anchor': 'middle'}, xLabel),
      ...roundNumbers(...this.y, 4).flatMap(y => [
        s('path', {class: 'axis', d: `M${left} ${this.py(y)}h-4`}),
        s('text', {x: left - 6, y: this.py(y) + 4, 'text-anchor': 'end'}, tidy(y)),
      ]),
      s('text', {x: left - 8, y: (top + foot)/2, 'text-anchor': 'middle',
                 transform: `rotate(-90 ${left - 8} ${(top + foot)/2}) translate(0 -30)`}, yLabel))
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

  onDrag(move, touch = 'pan-y') { // `move(x, y)` where the pointer is down; a page still scrolls by its own
    const {element} = this
    let held
    element.style.touchAction = touch
    element.addEventListener('pointerdown', e => {
      if (held !== undefined || e.button > 0) return
      held = e.pointerId
      element.setPointerCapture(held)
      move(...this.placeOf(e))
    })
    element.addEventListener('pointermove', e => { if (e.pointerId === held) move(...this.placeOf(e)) })
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      element.addEventListener(end, e => { if (e.pointerId === held) held = undefined })
    }
  }

  within(x, y) { // on the picture, or far enough beside it
    const inside = (v, most) => Math.min(2*most, Math.max(-most, v))
    return [inside(this.px(x), this.width), inside(this.py(y), this.height)]
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

  key(entries, above = false) { // which curve is which: [kind, text], on the right, at the bottom or above
    const x = this.width - margin.right - 165, foot = this.height - margin.bottom - 12
    const top = above ? margin.top + 12 : foot - 17*(entries.length - 1)
    return entries.flatMap(([kind, text], i) => {
      const y = top + 17*i
      return [s('path', {class: `curve ${kind}`, d: `M${x} ${y}h26`}), s('text', {x: x + 32, y: y + 4}, text)]
    })
  }

  text(x, y, text, attributes = {}) {
    const [left, top] = this.within(x, y)
    return s('text', {x: left, y: top, ...attributes}, text)
  }

  show(...children) { this.content.replaceChildren(...children) }
}

export const powersOfTen = last => Array.from({length: last + 1}, (_, k) => [k, (10**k).toLocaleString('en')])

export const stairs = points => points.flatMap(([x, y], i) => i ? [[x, points[i - 1][1]], [x, y]] : [[x, y]])

export const curveOf = (f, [from, to], n = 120) => Array.from({length: n + 1}, (_, i) => {
  const x = from + (to - from)*i/n
  return [x, f(x)]
})
