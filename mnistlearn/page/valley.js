// The roller coaster of chapter 2: readings and a curve a·t² + b·t + c, and the place of a and b in the valley of the
// loss. The height c is always the best for the two, so that a map shows all there is.
import {Chart, curveOf} from './chart.js'
import {button, checkbox, h, Repeat, s, sayPower, signed, slider, Status} from './elements.js'
import {solve} from './numbers.js'

const mean = xs => xs.reduce((total, x) => total + x, 0)/xs.length

function spread(xs) { // the standard deviation, as PyTorch has it
  const middle = mean(xs)
  return Math.sqrt(xs.reduce((total, x) => total + (x - middle)**2, 0)/(xs.length - 1))
}

function rangeAround(values, share) { // wide enough for all of them, and more on both sides
  const low = Math.min(...values), high = Math.max(...values), room = Math.max((high - low)*share, 1e-3)
  return [low - room, high + room]
}

// state: {time, speed, start: [a, b, c], of which the first two count}
export class ValleyPanel {
  constructor(root, {time, speed, start}) {
    Object.assign(this, {time, speed, start: start.slice(0, 2)})
    this.middle = mean(time)
    this.unit = spread(time)
    const seconds = [Math.min(...time), Math.max(...time)]
    const readings = {x: seconds, y: rangeAround(speed, .25), xLabel: 'seconds', yLabel: 'speed'}
    this.curve = new Chart({title: 'The curve', ...readings})
    this.map = new Chart({title: 'Its place on the map: drag it', x: [0, 1], y: [0, 1], xLabel: 'b', yLabel: 'a'})
    this.map.onDrag((b, a) => this.put([a, b]), 'none')
    const range = {min: 0, max: 1, step: 'any', value: 0, say: v => signed(v, 2)}
    this.sliders = ['a', 'b'].map((name, i) => slider(name, range, v => {
      this.put(this.here.map((old, k) => k === i ? v : old))
    }))
    this.rate = slider('rate', {min: -6, max: 0, step: .05, value: -5, say: sayPower}, () => this.show())
    this.status = new Status()
    this.walk = new Repeat('walk', {every: 80, calmly: 400}, () => {
      const n = this.path.length
      this.step(n < 20 ? 1 : Math.ceil(n/20)) // faster and faster
      return n <= 5000 && this.path.length > n
    })
    const centre = checkbox('measure time from the middle, in units of its spread (and take a rate of 0.2)', false,
      on => this.use(on))
    const again = button('start over', () => this.put(this.begin))
    const buttons = [button('one step', () => this.step(1)), this.walk.button, again]
    root.replaceChildren(centre.element, h('div', {class: 'panels'}, this.curve.element, this.map.element),
      h('p', {class: 'small'}, 'On the map, light is a low loss, which grows 2.2-fold from band to band. ' +
        'The ring is the lowest place.'),
      ...this.sliders.map(o => o.element), this.rate.element, h('div', {class: 'row'}, ...buttons), this.status.element)
    this.use(false)
  }

  use(centred) {
    const {middle: m, unit: u, start: [a, b]} = this
    this.centred = centred
    this.t = centred ? this.time.map(t => (t - m)/u) : this.time
    this.begin = centred ? [a*u*u, 2*a*m*u + b*u] : [a, b] // the same curve, in other units
    this.lowest = this.best()
    this.setRanges()
    this.rate.set(centred ? -.7 : -5)
    this.contours = this.drawContours()
    this.put(this.begin)
  }

  setRanges() { // so that both places are on it; centred, a unit is as long both ways
    const [a, b] = [0, 1].map(i => rangeAround([this.begin[i], this.lowest[i]], .45))
    const {map} = this
    map.range(b, a)
    if (this.centred) {
      const perA = Math.abs(map.py(1) - map.py(0)), perB = Math.abs(map.px(1) - map.px(0)), middle = (b[0] + b[1])/2
      const wide = (b[1] - b[0])*perB/perA/2, tall = (a[1] - a[0])*perA/perB/2
      if (perB > perA) map.range([middle - wide, middle + wide], a)
      else map.range(b, [mean(a) - tall, mean(a) + tall])
    }
    this.sliders.forEach(({input}, i) => {
      const [min, max] = i ? map.x : map.y
      Object.assign(input, {min, max})
    })
  }

  best() { // least squares
    const rows = this.t.map(t => [t*t, t, 1]), product = (i, j) => mean(rows.map(row => row[i]*row[j]))
    const a = [0, 1, 2].map(i => [0, 1, 2].map(j => product(i, j)))
    const b = [0, 1, 2].map(i => [mean(rows.map((row, k) => row[i]*this.speed[k]))])
    return solve(a, b).map(row => row[0])
  }

  put(place) {
    this.walk.stop()
    this.path = [place]
    this.show()
  }

  // ---- the loss, its gradient, and a step ----
  get here() { return this.path.at(-1) }
  heightFor([a, b]) { return mean(this.t.map((t, i) => this.speed[i] - a*t*t - b*t)) }
  errors([a, b]) {
    const c = this.heightFor([a, b])
    return this.t.map((t, i) => a*t*t + b*t + c - this.speed[i])
  }

  loss(place) { return mean(this.errors(place).map(e => e*e)) }

  get slopes() { // of the loss, for a and for b
    const errors = this.errors(this.here)
    return [2, 1].map(power => mean(errors.map((e, k) => 2*e*this.t[k]**power)))
  }

  step(n) {
    for (let i = 0; i < n; i++) {
      const {slopes} = this, rate = 10**this.rate.value
      const next = this.here.map((p, k) => p - rate*slopes[k])
      if (!next.every(v => Math.abs(v) < 1e9) || this.arrived) break
      this.path.push(next)
    }
    this.show()
  }

  get arrived() { return this.loss(this.here) < 1.01*this.loss(this.lowest) + 1e-6*spread(this.speed)**2 }

  // ---- what is to be seen ----
  drawContours() {
    const {x: [left, right], y: [low, high]} = this.map, n = 110, canvas = h('canvas', {width: n, height: n})
    const context = canvas.getContext('2d'), image = context.createImageData(n, n)
    const lowest = Math.max(this.loss(this.lowest), 1e-3*spread(this.speed)**2)
    for (let i = 0; i < n*n; i++) {
      const a = high - (high - low)*(Math.floor(i/n) + .5)/n, b = left + (right - left)*(i%n + .5)/n
      const band = Math.max(0, Math.floor(Math.log(this.loss([a, b])/lowest)/Math.log(2.2)))
      const grey = 250 - 16*Math.min(11, band)
      image.data.set([grey, grey, grey, 255], 4*i)
    }
    context.putImageData(image, 0, 0)
    return canvas.toDataURL()
  }

  show() {
    const {map, curve, here: [a, b]} = this, [x, y] = [map.px(map.x[0]), map.py(map.y[1])]
    const ground = s('image', {href: this.contours, x, y, width: map.px(map.x[1]) - x, height: map.py(map.y[0]) - y,
                               preserveAspectRatio: 'none', opacity: .8})
    const last = this.path.length - 1, every = Math.ceil(last/400) || 1
    const shown = this.path.filter((_, i) => i%every === 0 || i === last)
    map.show(ground, map.dot(this.lowest[1], this.lowest[0], 'goal', 6),
      map.curve(shown.map(([a, b]) => [b, a]), 'path'), map.dot(b, a, 'point', 6))
    const c = this.heightFor([a, b]), inside = t => this.centred ? (t - this.middle)/this.unit : t
    curve.show(...this.time.map((t, i) => curve.dot(t, this.speed[i], 'reading', 3.5)),
      curve.curve(curveOf(t => a*inside(t)**2 + b*inside(t) + c, curve.x)))
    this.sliders.forEach((slider, i) => slider.set(this.here[i]))
    this.status.say(this.words(this.loss([a, b])))
  }

  words(loss) {
    const n = this.path.length - 1, best = this.loss(this.lowest), before = n ? this.loss(this.path[n - 1]) : Infinity
    const say = v => v >= 1000 ? Math.round(v).toLocaleString('en') : v.toPrecision(3)
    const when = n ? `After ${n.toLocaleString('en')} step${n > 1 ? 's' : ''}: loss` : 'Loss'
    const now = `${when} ${say(loss)}; the lowest there is: ${say(best)}.`
    if (this.arrived) return `${now} It has arrived.`
    if (loss > 1.01*before) return `${now} It grows: the rate is too high.`
    if (n > 5 && before - loss < 2e-3*loss) return `${now} It hardly moves: ${this.why()}`
    return now
  }

  why() { // a step is the rate times the slope
    const {rate, slopes: [, slope]} = this
    if (this.centred) return 'the rate is low, and no wall is in the way of a higher one.'
    return `the slope along b is ${signed(slope, 0)}, and ${sayPower(rate.value)} times that is a step of ` +
      `${Math.abs(slope*10**rate.value).toPrecision(1)}. A higher rate would be thrown out across the valley.`
  }
}
