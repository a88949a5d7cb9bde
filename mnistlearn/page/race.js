// Four batch sizes in a race. Each may look at as many images; and if a step has a price of its own, that is paid too.
import {Chart, powersOfTen, stairs} from './chart.js'
import {button, calm, h, percent, setText, slider, Status} from './elements.js'
import {asInputs, initParams, randomNumbers, Trainer} from './trainer.js'

const runners = [
  {size: 1, rate: .25, kind: ''}, {size: 16, rate: 4, kind: 'second'}, {size: 128, rate: 8, kind: 'third'},
  {size: Infinity, rate: 8, kind: 'fourth'},
]
const budget = 10_000, pace = 1.04 // images in all, and how many times as many in the next frame
const goal = .97

// state: {train, valid}, as for the panel that trains
export class RacePanel {
  constructor(root, state) {
    this.train = asInputs(state.train)
    this.valid = asInputs(state.valid)
    this.races = 0
    this.chart = new Chart({
      title: 'Right on images that they never saw', x: [1, Math.log10(budget)], y: [.4, 1], ticks: powersOfTen(4),
      xLabel: 'images looked at, and the price of the steps', yLabel: 'right', height: 300, width: 480,
    })
    this.price = slider('a step costs as much as', {min: 0, max: 400, step: 10, value: 0, say: n => `${n} images`},
      () => this.reset())
    this.lines = runners.map(() => h('li'))
    this.status = new Status()
    this.go = button('start the race', () => this.start())
    root.replaceChildren(h('div', {class: 'panels'}, this.chart.element,
      h('div', {}, this.price.element, h('div', {class: 'row'}, this.go), this.status.element,
        h('ul', {class: 'small'}, ...this.lines))))
    this.reset()
  }

  reset() {
    const n = this.train.y.length, seed = ++this.races // one that is still running stops
    this.go.disabled = false
    this.status.say('A guess first: which will be in front?')
    this.racers = runners.map(({size, rate, kind}) => {
      const params = initParams('linear', false, randomNumbers(seed)), batchSize = Math.min(size, n)
      const trainer = new Trainer(this.train, this.valid, params, {batchSize, rate, seed})
      const name = size > n ? 'all' : String(size)
      return {trainer, kind, name, arrival: Infinity, history: [[1, trainer.validate().accuracy]]}
    })
    this.show()
  }

  start() {
    this.reset()
    this.go.disabled = true
    this.status.say('They are running …')
    const race = this.races
    let allowed = 8
    const run = () => {
      if (this.races !== race || !this.go.isConnected) return
      do {
        allowed = Math.min(budget, pace*allowed)
        for (const racer of this.racers) this.advance(racer, allowed)
      } while (calm() && allowed < budget)
      this.show()
      if (allowed < budget) requestAnimationFrame(run)
      else this.finish()
    }
    requestAnimationFrame(run)
  }

  paid({seen, steps}) { return seen + steps*this.price.value }

  advance(racer, allowed) { // as many steps as it can pay for
    const {trainer, history} = racer, steps = trainer.steps
    while (this.paid(trainer) + trainer.batchSize + this.price.value <= allowed) trainer.step()
    if (trainer.steps === steps) return
    const {accuracy} = trainer.validate(), paid = this.paid(trainer)
    history.push([paid, accuracy])
    if (accuracy >= goal) racer.arrival = Math.min(racer.arrival, paid)
  }

  finish() {
    this.go.disabled = false
    const [first] = [...this.racers].sort((a, b) => a.arrival - b.arrival)
    const price = first.arrival.toLocaleString('en')
    this.status.say(first.arrival === Infinity ? `None came to ${percent(goal)} this time.` :
      `First at ${percent(goal)}: ${first.name} at a time, at the price of ${price} images. ` +
      'Chance has a say in it: start again, and the images come in another order.')
  }

  show() {
    const {chart} = this, line = Math.log10(budget)
    chart.show(chart.line([[0, goal], [line, goal]], 'tangent'), chart.text(1.05, goal - .045, percent(goal)),
      ...this.racers.flatMap(({history, kind}) => {
        const points = history.map(([paid, accuracy]) => [Math.log10(paid), accuracy])
        return [chart.curve(stairs(points), kind), chart.dot(...points.at(-1), `end ${kind}`, 4)]
      }), ...chart.key(this.racers.map(({kind, name}) => [kind, `${name} at a time`])))
    this.racers.forEach(({trainer, name, history, arrival}, i) => {
      const steps = trainer.steps.toLocaleString('en'), right = percent(history.at(-1)[1], 1)
      const there = arrival === Infinity ? '' : `, at ${percent(goal)} after ${arrival.toLocaleString('en')}`
      setText(this.lines[i], `${name} at a time, rate ${trainer.rate}: ${steps} steps, ${right} right${there}`)
    })
  }
}
