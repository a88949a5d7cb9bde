// A model that learns before one's eyes: its weights as pictures, loss and accuracy as curves, images turning right.
import {Chart} from './chart.js'
import {button, choice, fileButton, h, percent, sayPower, setText, slider, Status, swatches} from './elements.js'
import {inputsOf, readFolder} from './folder.js'
import {canvas, mostOf, paintInk, paintSigned} from './paint.js'
import {refusalOf} from './refusal.js'
import {asInputs, initParams, randomNumbers, Trainer} from './trainer.js'

const sizes = {1: '1', 16: '16', 256: '256', all: 'all'}
const columns = 15, tiles = 60 // of the images that are shown
const sample = 300 // images whose training loss is measured
const afterSteps = [0, 10, 100, 1000, 10_000, 100_000].map(n => [Math.log10(1 + n), n.toLocaleString('en')])

// state: {train, valid: {x: bytes (n, 784), y: 1 or 0}, names: of 1 and of 0, by default 3 and 7}
export class TrainPanel {
  constructor(root, state) {
    this.own = {train: asInputs(state.train), valid: asInputs(state.valid), names: state.names ?? ['3', '7']}
    this.kind = 'linear'
    this.start = 'small'
    this.batch = '16'
    this.rate = slider('rate', {min: -3, max: 3, step: .1, value: -.5, say: sayPower}, value => {
      this.trainer.rate = 10**value
    })
    this.speed = slider('steps a second', {min: 1, max: 120, value: 6}, () => {})
    this.weights = canvas(180, 180, 'the weights', {class: 'pixels weights'})
    this.legend = h('figcaption')
    this.tiles = canvas(28*columns, 28*4, 'images that it never learns from', {class: 'tiles'})
    this.tilesCaption = h('figcaption', {class: 'small'})
    const xLabel = 'step (each mark about ten times the last)'
    const axes = {x: [0, 2], y: [0, 1], ticks: afterSteps, xLabel, height: 220}
    this.lossChart = new Chart({title: 'Loss', yLabel: 'loss', ...axes})
    this.accuracyChart = new Chart({title: 'Accuracy', yLabel: 'right', ...axes})
    this.status = new Status()
    this.go = button('start', () => this.toggle())
    const sliders = h('div', {}, this.rate.element, this.speed.element)
    root.replaceChildren(h('div', {class: 'controls'}, this.choices(), sliders), this.buttons(), this.status.element,
      h('div', {class: 'learning'}, h('figure', {}, this.weights, this.legend), this.lossChart.element,
        this.accuracyChart.element),
      h('figure', {}, this.tiles, this.tilesCaption))
    this.learnFrom(this.own)
  }

  choices() {
    const again = name => key => {
      this[name] = key
      this.reset()
    }
    const resize = key => {
      this.batch = key
      this.trainer.batchSize = this.batchSize
    }
    return h('div', {}, choice('model', {linear: 'linear', net: 'net'}, this.kind, again('kind')).element,
      choice('weights at the beginning', {small: 'small', large: 'large'}, this.start, again('start')).element,
      choice('images a step', sizes, this.batch, resize).element)
  }

  buttons() {
    const folder = fileButton('a folder of images …', {webkitdirectory: true}, files => this.take(files))
    this.builtIn = button('the built-in images', () => this.learnFrom(this.own), {hidden: true})
    return h('div', {class: 'row'}, this.go, button('one step', () => this.once()),
      button('start over', () => this.reset()), folder, this.builtIn)
  }

  get batchSize() { return this.batch === 'all' ? this.train.y.length : Number(this.batch) }

  learnFrom({train, valid, names}) {
    Object.assign(this, {train, valid, names})
    this.builtIn.hidden = train === this.own.train
    const n = this.valid.y.length, some = n > tiles ? `${tiles} of the ${n}` : `The ${n}`
    setText(this.tilesCaption, `${some} images that it never learns from. Crossed out: read wrongly.`)
    this.reset()
  }

  async take(files) { // the last folder asked for counts
    const ticket = this.ticket = {}
    this.running = undefined
    this.status.say('Reading the pictures …')
    try {
      const images = await readFolder(files)
      if (this.ticket === ticket) this.learnFrom(inputsOf(images))
    } catch (error) {
      this.status.say(refusalOf(error))
    }
  }

  reset() {
    const {batchSize} = this, rate = 10**this.rate.value
    const params = initParams(this.kind, this.start === 'large', randomNumbers(20))
    this.trainer = new Trainer(this.train, this.valid, params, {batchSize, rate})
    this.history = []
    const [one, zero] = this.names.map(name => `for a ${name}`)
    this.legend.replaceChildren(this.kind === 'net' ? swatches('wakes a unit', 'silences it') : swatches(one, zero))
    this.note()
    this.show()
  }

  // ---- time ----
  toggle() {
    if (this.running) this.running = undefined
    else this.run()
    this.show()
  }

  run() { // a few steps a frame, as long as it is this run
    const run = this.running = {}
    let before = performance.now(), owed = 1
    const tick = now => {
      if (this.running !== run || !this.weights.isConnected) return
      owed = Math.min(owed + (now - before)/1000*this.speed.value, this.speed.value)
      before = now
      const until = performance.now() + 12
      const first = this.trainer.steps
      for (; owed >= 1 && performance.now() < until; owed--) this.trainer.step()
      if (this.trainer.steps > first) {
        this.note()
        this.show()
      }
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  once() {
    this.running = undefined
    this.trainer.step()
    this.note()
    this.show()
  }

  note() { // now, and before; of a long past fewer and fewer
    const {trainer} = this, training = trainer.measureTraining(sample)
    this.now = trainer.validate()
    this.history.push({step: trainer.steps, training: training.loss, loss: this.now.loss, accuracy: this.now.accuracy})
    if (this.history.length > 600) this.history = this.history.filter((_, i) => i < 100 || i%2 === 0)
  }

  // ---- what is to be seen ----
  show() {
    const {steps, epochs, n} = this.trainer, {accuracy} = this.now
    setText(this.go, this.running ? 'pause' : steps ? 'go on' : 'start')
    this.status.say(`Step ${steps}, ${epochs.toFixed(epochs < 10 ? 1 : 0)} times through the ${n} images: ` +
      `${percent(accuracy, 1)} of the ${this.valid.y.length} others right. ${this.warning()}`)
    this.showWeights()
    this.showTiles()
    this.showCurves()
  }

  showCurves() {
    const last = this.history.at(-1), end = Math.max(2, Math.log10(1 + last.step)), at = row => Math.log10(1 + row.step)
    const lowest = Math.min(.9, ...this.history.map(row => row.accuracy))
    const highest = Math.max(...this.history.map(row => row.loss))
    const {lossChart: loss, accuracyChart: right} = this
    loss.range([0, end], [0, Math.max(.1, highest)])
    loss.show(loss.curve(this.history.map(row => [at(row), row.loss])),
      loss.curve(this.history.map(row => [at(row), row.training]), 'second'), loss.dot(at(last), last.loss),
      ...loss.key([['', 'on the others'], ['second', 'on those it learns from']], true))
    right.range([0, end], [lowest - .02, 1])
    right.show(right.curve(this.history.map(row => [at(row), row.accuracy])), right.dot(at(last), last.accuracy))
  }

  warning() {
    const {outputs, accuracy} = this.now, level = outputs.filter(o => Math.abs(o) > 6).length/outputs.length
    if (!outputs.every(Number.isFinite)) return 'The numbers have grown out of all bounds: start over, at a lower rate.'
    if (level < .5 || accuracy > .9) return ''
    return `${percent(level)} of the sigmoids are close to 0 or 1, where they are level: hardly any slope to learn from.`
  }

  showWeights() {
    const [w1, , w2] = this.trainer.params
    if (!w2) return paintSigned(this.weights, w1.data, mostOf(w1.data))
    const units = w1.shape[0], row = Math.ceil(Math.sqrt(units)), side = 29*row, height = 29*Math.ceil(units/row)
    const sheet = new Float32Array(side*height)
    for (let u = 0; u < units; u++) {
      const w = w1.data.subarray(784*u, 784*(u + 1)), most = mostOf(w)
      w.forEach((v, i) => {
        sheet[(29*Math.floor(u/row) + Math.floor(i/28))*side + 29*(u%row) + i%28] = v/most
      })
    }
    paintSigned(this.weights, sheet, 1, side, height)
  }

  showTiles() {
    const n = Math.min(tiles, this.valid.y.length), width = 28*columns, height = 28*Math.ceil(n/columns)
    const context = this.tiles.getContext('2d')
    if (this.tiles.height !== height) this.tiles.height = height
    if (this.painted !== this.valid) {
      this.painted = this.valid
      this.sheet = new Float32Array(width*height)
      for (let k = 0; k < n; k++) for (let i = 0; i < 784; i++) {
        const row = 28*Math.floor(k/columns) + Math.floor(i/28)
        this.sheet[row*width + 28*(k%columns) + i%28] = this.valid.x[784*k + i]
      }
    }
    paintInk(this.tiles, {width, height, data: this.sheet})
    context.lineWidth = 3
    context.strokeStyle = '#d55e00'
    context.beginPath()
    for (let k = 0; k < n; k++) {
      if (this.now.right[k]) continue
      const x = 28*(k%columns), y = 28*Math.floor(k/columns)
      context.moveTo(x + 3, y + 3)
      context.lineTo(x + 25, y + 25)
      context.moveTo(x + 25, y + 3)
      context.lineTo(x + 3, y + 25)
    }
    context.stroke()
  }
}
