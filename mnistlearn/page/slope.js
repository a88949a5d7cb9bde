// A point on a curve: its slope, a step against it, and how far the step goes at a rate.
import {Chart, curveOf} from './chart.js'
import {button, calm, choice, h, sayPower, setText, signed, slider} from './elements.js'

const curves = {
  bowl: {name: 'a bowl', f: x => x*x, slope: x => 2*x, x: [-2.2, 2.2], y: [0, 4.8], start: -1.8},
  hollows: {name: 'two hollows', f: x => .5*x**4 - x*x + .3*x + 1, slope: x => 2*x**3 - 2*x + .3, x: [-1.8, 1.8],
            y: [0, 3.6], start: 1.7},
  level: {name: 'level on both sides', f: x => 1 - Math.exp(-x*x), slope: x => 2*x*Math.exp(-x*x), x: [-3, 3],
          y: [0, 1.2], start: 2.6},
}

// state: {curve, rate}, either may be left out
export class SlopePanel {
  constructor(root, {curve = 'bowl', rate = .1}) {
    const names = Object.fromEntries(Object.entries(curves).map(([key, {name}]) => [key, name]))
    const {x, y} = curves[curve]
    this.chart = new Chart({
      title: 'Drag the point', x, y, xLabel: 'the parameter', yLabel: 'the loss', width: 480, height: 300,
    })
    this.chart.onDrag(place => this.put(place))
    this.place = slider('the point', {min: x[0], max: x[1], step: .01, value: 0, say: v => signed(v, 2)},
      v => this.put(v))
    this.rate = slider('rate', {min: -2, max: 1, step: .05, value: Math.log10(rate), say: sayPower}, () => this.show())
    this.status = h('p', {class: 'verdict', role: 'status'})
    this.go = button('walk', () => this.walk())
    const buttons = [button('one step', () => this.step()), this.go, button('back', () => this.use(this.key))]
    root.replaceChildren(h('div', {class: 'panels'}, this.chart.element,
      h('div', {}, choice('curve', names, curve, key => this.use(key)).element, this.place.element, this.rate.element,
        h('div', {class: 'row'}, ...buttons), this.status)))
    this.use(curve)
  }

  use(key) {
    this.key = key
    this.curve = curves[key]
    this.chart.range(this.curve.x, this.curve.y)
    Object.assign(this.place.input, {min: this.curve.x[0], max: this.curve.x[1]})
    this.put(this.curve.start)
  }

  put(x) { // a new beginning
    this.stop()
    const [low, high] = this.curve.x
    this.path = [Math.min(high, Math.max(low, x))]
    this.show()
  }

  get x() { return this.path.at(-1) }
  get change() { return -this.curve.slope(this.x)*10**this.rate.value }
  get lost() { return Math.abs(this.x) > 1e6 }

  step() {
    if (!this.lost) this.path.push(this.x + this.change)
    this.show()
  }

  walk() {
    if (this.timer) return this.stop()
    setText(this.go, 'stop')
    let left = 30
    const on = () => {
      this.step()
      if (--left === 0 || this.lost || !this.go.isConnected || Math.abs(this.change) < 1e-4) this.stop()
    }
    this.timer = setInterval(on, calm() ? 600 : 250)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    setText(this.go, 'walk')
  }

  show() {
    const {chart, curve: {f, slope, x: [low, high]}, x, change} = this, steep = slope(x)
    const [bottom, top] = this.curve.y, reach = Math.min((high - low)*.16, (top - bottom)*.2/Math.abs(steep))
    const at = this.path.map(p => [p, f(p)])
    this.place.set(Math.max(low, Math.min(high, x)))
    chart.show(chart.curve(curveOf(f, [low, high])),
      chart.line([[x - reach, f(x) - reach*steep], [x + reach, f(x) + reach*steep]], 'tangent'),
      ...at.slice(0, -1).map(p => chart.dot(...p, 'reading', 3)),
      chart.line([[x, f(x)], [x + change, f(x)]], 'step'), chart.dot(x, f(x), 'point', 7))
    setText(this.status, this.words(steep, change))
  }

  words(steep, change) {
    const n = this.path.length - 1, [low, high] = this.curve.x
    const place = n ? `After ${n} step${n > 1 ? 's' : ''}: loss` : 'Loss', rate = sayPower(this.rate.value)
    const now = `${place} ${this.curve.f(this.x).toPrecision(3)}, slope ${signed(steep, 2)}. ` +
      `The next step: ${rate} times the slope, the other way, which is ${signed(change, 3)}.`
    if (this.lost || this.x < low || this.x > high) return 'Thrown out: at this rate each step goes too far.'
    const last = n > 2 ? this.x - this.path[n - 1] : 0
    if (last*change < 0 && Math.abs(change) > Math.abs(last)) {
      return `${now} Each step is longer than the one before: the rate is too high.`
    }
    if (Math.abs(steep) < .02) return `${now} It is level here, so there is hardly a step to take.`
    return now
  }
}
