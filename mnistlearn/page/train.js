// A model that learns before one's eyes: its weights as pictures, loss and accuracy as curves, images turning right.
import {Chart} from './chart.js'
import {button, choice, h, percent, sayPower, setText, slider} from './elements.js'
import {canvas, mostOf, paintInk, paintSigned} from './paint.js'
import {asMnist} from './prepare.js'
import {pixelsOfImage} from './marks.js'
import {asInputs, initParams, randomNumbers, Trainer} from './trainer.js'

const sizes = {1: '1', 16: '16', 256: '256', all: 'all'}
const columns = 15 // of the tiles

// state: {train, valid: {x: bytes (n, 784), y: 1 for a 3 and 0 for a 7}}
export class TrainPanel {
  constructor(root, state) {
    this.train = asInputs(state.train)
    this.valid = asInputs(state.valid)
    this.names = ['3', '7']
    this.kind = 'linear'
    this.start = 'small'
    this.batch = '16'
    this.rate = slider('rate', {min: -3, max: 3, step: .1, value: -.5, say: sayPower}, value => {
      this.trainer.rate = 10**value
    })
    this.speed = slider('steps a second', {min: 1, max: 120, value: 20}, () => {})
    this.weights = canvas(180, 180, 'the weights: blue for a 3, red for a 7', {class: 'pixels weights'})
    this.tiles = canvas(28*columns, 28*4, 'images that it never learns from; red: read wrongly', {class: 'tiles'})
    const axes = {x: [0, 50], y: [0, 1], xLabel: 'step', height: 200}
    this.lossChart = new Chart({title: 'The loss falls', yLabel: 'loss', ...axes})
    this.accuracyChart = new Chart({title: 'and the accuracy climbs', yLabel: 'accuracy', ...axes})
    this.status = h('p', {class: 'verdict'})
    this.go = button('start', () => this.toggle())
    const sliders = h('div', {}, this.rate.element, this.speed.element)
    const buttons = [this.go, button('one step', () => this.once()), button('reset', () => this.reset())]
    root.replaceChildren(h('div', {class: 'controls'}, this.choices(), sliders),
      h('div', {class: 'row'}, ...buttons, this.folderButton()), this.status,
      h('div', {class: 'learning'}, h('figure', {}, this.weights, h('figcaption', {class: 'small'}, 'the weights')),
        this.lossChart.element, this.accuracyChart.element),
      h('figure', {}, this.tiles,
        h('figcaption', {class: 'small'}, 'images that it never learns from; red: read wrongly')))
    this.reset()
  }

  choices() {
    const again = name => key => {
      this[name] = key
      this.reset()
    }
    return h('div', {},
      choice('model', {linear: 'linear', net: 'net'}, this.kind, again('kind')).element,
      choice('start', {small: 'small', large: 'large'}, this.start, again('start')).element,
      choice('images a step', sizes, this.batch, key => {
        this.batch = key
        this.trainer.batchSize = this.batchSize
      }).element)
  }

  get batchSize() { return this.batch === 'all' ? this.train.y.length : Number(this.batch) }

  reset() {
    const params = initParams(this.kind, this.start === 'large', randomNumbers(42))
    const {batchSize} = this, rate = 10**this.rate.value
    this.trainer = new Trainer(this.train, this.valid, params, {batchSize, rate})
    this.history = []
    this.note()
    this.show()
  }

  // ---- time ----
  toggle() {
    this.running = !this.running
    setText(this.go, this.running ? 'pause' : this.trainer.steps ? 'go on' : 'start')
    if (!this.running) return
    let before = performance.now(), owed = 1
    const tick = now => {
      if (!this.running || !this.weights.isConnected) return
      owed = Math.min(owed + (now - before)/1000*this.speed.value, this.speed.value)
      before = now
      const until = performance.now() + 12
      let moved = false
      for (; owed >= 1 && performance.now() < until; owed--) {
        this.trainer.step()
        moved = true
      }
      if (moved) {
        this.note()
        this.show()
      }
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  }

  once() {
    if (this.running) this.toggle()
    this.trainer.step()
    this.note()
    this.show()
  }

  note() {
    this.now = this.trainer.validate()
    this.history.push([this.trainer.steps, this.now.loss, this.now.accuracy])
  }

  // ---- what is to be seen ----
  show() {
    const {steps, epochs, n} = this.trainer, {loss, accuracy} = this.now, end = Math.max(50, steps)
    const words = `Step ${steps}, ${epochs.toFixed(epochs < 10 ? 1 : 0)} times through the ${n} images: ` +
      `loss ${loss.toFixed(3)}, ${percent(accuracy, 1)} of ${this.valid.y.length} others right.`
    setText(this.status, `${words} ${this.warning()}`)
    this.showWeights()
    this.showTiles()
    for (const [chart, at] of [[this.lossChart, 1], [this.accuracyChart, 2]]) {
      chart.range([0, end], [0, 1])
      chart.show(chart.curve(this.history.map(row => [row[0], row[at]])), chart.dot(steps, this.history.at(-1)[at]))
    }
  }

  warning() {
    const {outputs, accuracy} = this.now, stuck = outputs.filter(o => Math.abs(o) > 8).length/outputs.length
    if (!outputs.every(Number.isFinite)) return 'The numbers have grown out of all bounds: reset, and take a lower rate.'
    if (this.trainer.steps < 5 || stuck < .95 || accuracy > .9) return ''
    return 'Nearly every sigmoid is at 0 or 1, where it is level: there is no slope left to learn from.'
  }

  showWeights() {
    const [w1, , w2] = this.trainer.params
    if (!w2) return paintSigned(this.weights, w1.data, mostOf(w1.data))
    const sheet = new Float32Array(174*174), unit = 29 // six in a row, five rows
    for (let u = 0; u < 30; u++) {
      const w = w1.data.subarray(784*u, 784*(u + 1)), most = mostOf(w)
      w.forEach((v, i) => {
        sheet[(Math.floor(u/6)*unit + Math.floor(i/28))*174 + u%6*unit + i%28] = v/most
      })
    }
    paintSigned(this.weights, sheet, 1, 174)
  }

  showTiles() {
    const n = Math.min(60, this.valid.y.length), width = 28*columns, height = 28*Math.ceil(n/columns)
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
    context.fillStyle = 'rgb(213 94 0 / 45%)'
    for (let k = 0; k < n; k++) {
      if (this.now.right[k]) continue
      const x = 28*(k%columns), y = 28*Math.floor(k/columns)
      context.fillRect(x, y, 28, 28)
      context.strokeRect(x + 2, y + 2, 24, 24)
    }
  }

  // ---- images of one's own: a folder, in it a folder for each of two digits ----
  folderButton() {
    const input = h('input', {type: 'file', webkitdirectory: true, multiple: true, hidden: true,
                              change: () => this.take([...input.files])})
    return h('span', {}, button('images of your own …', () => input.click()), input)
  }

  async take(files) {
    const images = []
    for (const file of files.slice(0, 2000)) {
      const label = file.webkitRelativePath.split('/').at(-2)
      try {
        images.push({label, pixels: asMnist(pixelsOfImage(await createImageBitmap(file)))})
      } catch { /* no picture, or nothing to be seen in it */ }
    }
    const labels = [...new Set(images.map(image => image.label))].sort()
    if (labels.length !== 2 || images.length < 8) {
      const found = `${images.length} readable pictures${labels.length ? ` in ${labels.join(', ')}` : ''}`
      return setText(this.status, 'Expected a folder with two folders in it, one for each digit, and eight or more ' +
        `pictures in all; found ${found}.`)
    }
    const random = randomNumbers(1), part = {train: [], valid: []}
    for (const image of images) part[random() < .25 ? 'valid' : 'train'].push(image)
    const inputs = rows => ({
      x: Float32Array.from({length: 784*rows.length}, (_, i) => rows[Math.floor(i/784)].pixels[i%784]/255),
      y: rows.map(({label}) => label === labels[0] ? 1 : 0),
    })
    this.train = inputs(part.train)
    this.valid = inputs(part.valid.length ? part.valid : part.train)
    this.reset()
  }
}
