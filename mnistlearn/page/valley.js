// The roller coaster of chapter 2: readings and a curve, and the place of that curve in the valley of the loss.
import {Chart, curveOf} from './chart.js'
import {button, calm, checkbox, h, s, sayPower, setText, slider} from './elements.js'
import {solve} from './numbers.js'

const views = { // what of the loss is to be seen: a up, b to the right
  raw: {a: [-1.2, 1.6], b: [-20, 18], rate: -5},
  centred: {a: [-10, 45], b: [-25, 25], rate: -.7},
}

const mean = xs => xs.reduce((total, x) => total + x, 0)/xs.length

function spread(xs) { // the standard deviation, as PyTorch has it
  const middle = mean(xs)
  return Math.sqrt(xs.reduce((total, x) => total + (x - middle)**2, 0)/(xs.length - 1))
}

// state: {time, speed, start: [a, b, c]}
export class ValleyPanel {
  constructor(root, {time, speed, start}) {
    Object.assign(this, {time, speed, start})
    const seconds = [0, Math.max(...time)]
    this.curve = new Chart({title: 'The curve', x: seconds, y: [-20, 100], xLabel: 'seconds', yLabel: 'speed'})
    this.map = new Chart({title: 'Its place in the valley: drag it', x: [0, 1], y: [0, 1], xLabel: 'b', yLabel: 'a'})
    this.map.onDrag((b, a) => this.put([a, b, this.bestC(a, b)]))
    this.rate = slider('rate', {min: -6, max: 0, step: .05, value: -5, say: sayPower}, () => this.show())
    this.status = h('p', {class: 'verdict', role: 'status'})
    this.go = button('walk', () => this.walk())
    const centre = checkbox('measure time from the middle, in units of its spread', false,
      on => this.use(on ? 'centred' : 'raw'))
    const charts = h('div', {class: 'panels'}, this.curve.element, this.map.element)
    const buttons = [button('one step', () => this.step(1)), this.go, button('back', () => this.put(this.start))]
    root.replaceChildren(centre.element, charts, this.rate.element, h('div', {class: 'row'}, ...buttons), this.status)
    this.use('raw')
  }

  use(view) {
    this.view = view
    const middle = mean(this.time), unit = spread(this.time)
    this.t = view === 'raw' ? this.time : this.time.map(t => (t - middle)/unit)
    const {a, b, rate} = views[view]
    this.map.range(b, a)
    this.rate.set(rate)
    this.contours = this.drawContours()
    this.lowest = this.best()
    this.put(this.start)
  }

  best() { // least squares
    const rows = this.t.map(t => [t*t, t, 1]), product = (i, j) => mean(rows.map(row => row[i]*row[j]))
    const a = [0, 1, 2].map(i => [0, 1, 2].map(j => product(i, j)))
    const b = [0, 1, 2].map(i => [mean(rows.map((row, k) => row[i]*this.speed[k]))])
    return solve(a, b).map(row => row[0])
  }

  put(params) {
    this.stop()
    this.path = [params]
    this.show()
  }

  // ---- the loss, its gradient, and a step ----
  errors([a, b, c]) { return this.t.map((t, i) => a*t*t + b*t + c - this.speed[i]) }
  loss(params) { return mean(this.errors(params).map(e => e*e)) }
  bestC(a, b) { return -mean(this.errors([a, b, 0])) }

  step(n) {
    for (let i = 0; i < n; i++) {
      const now = this.path.at(-1), errors = this.errors(now), rate = 10**this.rate.value
      const slopes = [2, 1, 0].map(power => mean(errors.map((e, k) => 2*e*this.t[k]**power)))
      const next = now.map((p, k) => p - rate*slopes[k])
      if (!next.every(v => Math.abs(v) < 1e9)) break
      this.path.push(next)
    }
    this.show()
  }

  walk() {
    if (this.timer) return this.stop()
    setText(this.go, 'stop')
    this.timer = setInterval(() => {
      const n = this.path.length
      this.step(n < 20 ? 1 : Math.ceil(n/20)) // faster and faster
      if (n > 2000 || this.path.length === n || !this.go.isConnected) this.stop()
    }, calm() ? 400 : 80)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    setText(this.go, 'walk')
  }

  // ---- what is to be seen ----
  drawContours() { // bands of the loss with the best c, each three times as high as the one below
    const {a: [low, high], b: [left, right]} = views[this.view], n = 110
    const canvas = h('canvas', {width: n, height: n})
    const context = canvas.getContext('2d'), image = context.createImageData(n, n)
    for (let i = 0; i < n*n; i++) {
      const a = high - (high - low)*(Math.floor(i/n) + .5)/n, b = left + (right - left)*(i%n + .5)/n
      const band = Math.floor(Math.log(this.loss([a, b, this.bestC(a, b)]))/Math.log(2.2))
      const grey = 250 - 13*Math.max(0, Math.min(13, band))
      image.data.set([grey, grey, grey, 255], 4*i)
    }
    context.putImageData(image, 0, 0)
    return canvas.toDataURL()
  }

  show() {
    const {map, curve} = this, now = this.path.at(-1), middle = mean(this.time), unit = spread(this.time)
    const [x, y] = [map.px(map.x[0]), map.py(map.y[1])]
    const ground = s('image', {href: this.contours, x, y, width: map.px(map.x[1]) - x, height: map.py(map.y[0]) - y,
                               preserveAspectRatio: 'none', opacity: .8})
    const every = Math.ceil(this.path.length/400), shown = this.path.filter((_, i) => i%every === 0)
    map.show(ground, map.dot(this.lowest[1], this.lowest[0], 'goal', 6), map.curve(shown.map(([a, b]) => [b, a]), 'path'),
      map.dot(now[1], now[0], 'point', 6))
    const shift = t => this.view === 'raw' ? t : (t - middle)/unit
    curve.show(...this.time.map((t, i) => curve.dot(t, this.speed[i], 'reading', 3.5)),
      curve.curve(curveOf(t => now[0]*shift(t)**2 + now[1]*shift(t) + now[2], curve.x)))
    setText(this.status, this.words(this.loss(now)))
  }

  words(loss) {
    const n = this.path.length - 1, best = this.loss(this.lowest)
    const before = n ? this.loss(this.path[n - 1]) : Infinity
    const say = v => v >= 1000 ? Math.round(v).toLocaleString('en') : v.toPrecision(3)
    const when = n ? `After ${n} step${n > 1 ? 's' : ''}: loss` : 'Loss'
    const now = `${when} ${say(loss)}; the lowest there is: ${say(best)}.`
    if (loss > 1.01*before) return `${now} It grows: the rate is too high.`
    if (loss < 1.02*best) return `${now} It has arrived.`
    if (n > 100 && before - loss < 1e-3*loss) return `${now} It hardly moves any more.`
    return now
  }
}
