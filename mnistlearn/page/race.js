// Four batch sizes in a race. Each may look at as many images; and if a step has a price of its own, that is paid too.
import {Chart} from './chart.js'
import {button, calm, h, percent, setText, slider} from './elements.js'
import {asInputs, initParams, randomNumbers, Trainer} from './trainer.js'

const runners = [
  {size: 1, rate: .25, kind: ''}, {size: 16, rate: 4, kind: 'second'}, {size: 128, rate: 8, kind: 'third'},
  {size: Infinity, rate: 8, kind: 'fourth'},
]
const begin = 8, budget = 10_000, pace = 1.04 // images: at first, in all, and how many times as many in the next frame
const goal = .97

// state: {train, valid}, as for the panel that trains
export class RacePanel {
  constructor(root, state) {
    this.train = asInputs(state.train)
    this.valid = asInputs(state.valid)
    this.chart = new Chart({
      title: 'Right on images that they never saw', x: [begin, budget].map(Math.log10), y: [0, 1],
      xLabel: 'images looked at, and the price of the steps', yLabel: 'accuracy', height: 300, width: 480,
      sayX: power => Math.round(10**power).toLocaleString('en'),
    })
    this.price = slider('a step costs as much as', {min: 0, max: 400, step: 10, value: 0, say: n => `${n} images`},
      () => this.reset())
    this.lines = runners.map(() => h('li'))
    this.status = h('p', {class: 'verdict', role: 'status'}, 'A guess first: which will be in front?')
    this.go = button('start the race', () => this.start())
    root.replaceChildren(h('div', {class: 'panels'}, this.chart.element,
      h('div', {}, this.price.element, h('div', {class: 'row'}, this.go), this.status,
        h('ul', {class: 'small'}, ...this.lines))))
    this.reset()
  }

  reset() {
    const n = this.train.y.length
    this.race = (this.race ?? 0) + 1 // one that is still running stops
    this.go.disabled = false
    this.racers = runners.map(({size, rate, kind}) => {
      const params = initParams('linear', false, randomNumbers(42)), batchSize = Math.min(size, n)
      const trainer = new Trainer(this.train, this.valid, params, {batchSize, rate})
      const name = size > n ? 'all' : String(size)
      return {trainer, kind, name, paid: 0, history: [[begin, trainer.validate().accuracy]]}
    })
    this.show()
  }

  start() {
    this.reset()
    this.go.disabled = true
    setText(this.status, 'They are running …')
    const race = this.race
    let allowed = begin
    const run = () => {
      if (this.race !== race || !this.go.isConnected) return
      allowed = calm() ? budget : Math.min(budget, pace*allowed)
      for (const racer of this.racers) this.advance(racer, allowed)
      this.show()
      if (allowed < budget) requestAnimationFrame(run)
      else this.finish()
    }
    requestAnimationFrame(run)
  }

  advance(racer, allowed) { // as many steps as it can pay for
    const {trainer} = racer, cost = trainer.batchSize + this.price.value
    let moved = false
    while (racer.paid + cost <= allowed) {
      trainer.step()
      racer.paid += cost
      moved = true
    }
    if (moved) racer.history.push([racer.paid, trainer.validate().accuracy])
  }

  finish() {
    this.go.disabled = false
    const firsts = this.racers.map(({history}) => history.find(row => row[1] >= goal)?.[0] ?? Infinity)
    const best = Math.min(...firsts), name = this.racers[firsts.indexOf(best)].name
    setText(this.status, best === Infinity ? `None came to ${percent(goal)}.` :
      `First at ${percent(goal)}: ${name} at a time, for the price of ${best.toLocaleString('en')} images.`)
  }

  show() {
    const {chart} = this
    chart.show(...this.racers.flatMap(({history, kind, name}, i) => {
      const [x, y] = history.at(-1)
      const points = history.map(([price, accuracy]) => [Math.log10(price), accuracy])
      return [chart.curve(points, kind), chart.dot(Math.log10(x), y, 'point', 4), ...this.legend(name, kind, i)]
    }))
    this.racers.forEach(({trainer, name, history}, i) => {
      const steps = trainer.steps.toLocaleString('en'), right = percent(history.at(-1)[1], 1)
      setText(this.lines[i], `${name} at a time, rate ${trainer.rate}: ${steps} steps, ${right} right`)
    })
  }

  legend(name, kind, i) {
    const {chart} = this, y = .44 - .1*i
    return [chart.curve([[3, y], [3.2, y]], kind), chart.text(3.25, y - .014, `${name} at a time`)]
  }
}
