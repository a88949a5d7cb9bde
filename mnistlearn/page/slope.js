// A point on a curve: its slope, a step against it, and how far the step goes at a rate.
import {Chart, curveOf} from './chart.js'
import {button, choice, h, Repeat, signed, slider, Status} from './elements.js'

const curves = { // the lowest place, and another hollow if there is one
  bowl: {name: 'a bowl', f: x => x*x, slope: x => 2*x, x: [-2.2, 2.2], y: [0, 4.8], start: -1.8, lowest: 0},
  hollows: {name: 'two hollows', f: x => .5*x**4 - x*x + .3*x + 1, slope: x => 2*x**3 - 2*x + .3, x: [-1.8, 1.8],
            y: [0, 3.6], start: 1.7, lowest: -1.068, other: .915},
  level: {name: 'level on both sides', f: x => 1 - Math.exp(-x*x), slope: x => 2*x*Math.exp(-x*x), x: [-3, 3],
          y: [0, 1.2], start: 2.6, lowest: 0},
}
const rates = [.01, .02, .05, .1, .2, .3, .5, .7, .9, .98, 1, 1.05, 1.2, 2, 5, 10]

// state: {curve, rate: the nearest of the rates above is taken}, either may be left out
export class SlopePanel {
  constructor(root, {curve = 'bowl', rate = .1}) {
    const names = Object.fromEntries(Object.entries(curves).map(([key, {name}]) => [key, name]))
    const {x, y} = curves[curve], distance = i => Math.abs(Math.log(rates[i]/rate))
    const nearest = [...rates.keys()].reduce((a, b) => distance(b) < distance(a) ? b : a)
    this.chart = new Chart({
      title: 'Drag the point', x, y, xLabel: 'the parameter', yLabel: 'the loss', width: 480, height: 300,
    })
    this.chart.onDrag(place => this.put(place))
    this.place = slider('the point', {min: x[0], max: x[1], step: .01, value: 0, say: v => signed(v, 2)},
      v => this.put(v))
    this.rateSlider = slider('rate', {min: 0, max: rates.length - 1, value: nearest, say: i => String(rates[i])},
      () => this.show())
    this.status = new Status()
    this.walk = new Repeat('walk', {every: 250, calmly: 600}, () => {
      this.step()
      return this.path.length <= 400 && !this.lost && Math.abs(this.change) >= 1e-4
    })
    const again = button('start over', () => this.use(this.key))
    const buttons = [button('one step', () => this.step()), this.walk.button, again]
    root.replaceChildren(h('div', {class: 'panels'}, this.chart.element,
      h('div', {}, choice('curve', names, curve, key => this.use(key)).element, this.place.element,
        this.rateSlider.element, h('div', {class: 'row'}, ...buttons), this.status.element)))
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
    this.walk.stop()
    const [low, high] = this.curve.x
    this.path = [Math.min(high, Math.max(low, x))]
    this.show()
  }

  get rate() { return rates[this.rateSlider.value] }
  get x() { return this.path.at(-1) }
  get change() { return -this.curve.slope(this.x)*this.rate }
  get lost() { return Math.abs(this.x) > 1e6 }

  step() {
    if (!this.lost) this.path.push(this.x + this.change)
    this.show()
  }

  show() {
    const {chart, curve: {f, slope, x: [low, high], y: [bottom, top]}, x, change} = this, steep = slope(x)
    const reach = Math.min((high - low)*.16, (top - bottom)*.2/Math.max(Math.abs(steep), 1e-9))
    const below = bottom + .02*(top - bottom)
    this.place.set(Math.max(low, Math.min(high, x)))
    chart.show(chart.curve(curveOf(f, [low, high])),
      chart.line([[x - reach, f(x) - reach*steep], [x + reach, f(x) + reach*steep]], 'tangent'),
      ...this.path.slice(0, -1).map(p => chart.dot(p, f(p), 'reading', 3)),
      chart.line([[x, below], [x, f(x)]], 'plumb'), chart.line([[x, below], [x + change, below]], 'step'),
      chart.dot(x, f(x), 'point', 7))
    this.status.say(this.words(steep, change))
  }

  words(steep, change) {
    const n = this.path.length - 1, [low, high] = this.curve.x, outside = this.x < low || this.x > high
    const place = n ? `After ${n} step${n > 1 ? 's' : ''}: loss` : 'Loss'
    const now = `${place} ${this.curve.f(this.x).toPrecision(3)}, slope ${signed(steep, 2)}. ` +
      `The next step: ${this.rate} times the slope, the other way, which is ${signed(change, 3)}.`
    if (this.lost || outside && Math.abs(change) > high - low) return 'Thrown out: at this rate each step goes too far.'
    if (outside) return `${now} The point is beside the picture now.`
    if (Math.abs(steep) < .02) return `${now} ${this.rest()}`
    const last = n > 2 ? this.x - this.path[n - 1] : 0
    if (last*change < 0 && Math.abs(change) > Math.abs(last)) {
      return `${now} Each step is longer than the one before: the rate is too high.`
    }
    return now
  }

  rest() { // where it is level
    const {lowest, other} = this.curve
    if (Math.abs(this.x - lowest) < .1) return 'This is the lowest place: it has arrived.'
    if (other !== undefined && Math.abs(this.x - other) < .1) {
      return 'This hollow is not the deeper one, but from here every way leads up.'
    }
    return 'It is nearly level here, though not low: hardly any slope to say where to go.'
  }
}
