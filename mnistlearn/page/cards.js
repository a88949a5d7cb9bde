// The four stages of the course, each with its reading of 784 pixels and what it is made of.
import {argmax, meanDistance, sigmoid, softmax} from './arithmetic.js'
import {h, percent, setText, signed} from './elements.js'
import {asSquare, bars, canvas, mostOf, paintInk, paintSigned, signColor} from './paint.js'

const tenNames = [...'0123456789']

class Card {
  constructor(title, what, accuracy, pictureLabel, names) {
    this.names = names
    this.answer = h('output', {class: 'answer'}, '–')
    this.picture = canvas(112, 112, pictureLabel, {class: 'pixels'})
    this.caption = h('p', {class: 'small'})
    this.bars = bars(names, `${title}: each answer`)
    this.extra = h('div', {class: 'extra'})
    this.element = h('article', {class: 'card'},
      h('h3', {}, title), h('p', {class: 'small'}, what), this.answer,
      h('div', {class: 'look'}, this.picture, this.bars.element), this.caption, this.extra,
      h('p', {class: 'small accuracy'}, `right on ${percent(accuracy, 1)} of digits it never saw`))
  }

  clear() {
    setText(this.answer, '–')
    setText(this.caption, '')
    this.bars.set(this.names.map(() => 0), this.names.map(() => ''), -1)
    paintInk(this.picture, {width: 1, height: 1, data: [0]})
    this.extra.hidden = true
  }

  say(best, text, widths, texts) {
    setText(this.answer, text)
    this.extra.hidden = false
    this.bars.set(widths, texts, best)
    return this.names[best]
  }
}

const probabilities = outputs => outputs.length > 1 ? softmax(outputs) : [sigmoid(outputs[0]), 1 - sigmoid(outputs[0])]
const sayProbability = (name, p) => `a ${name}, ${p > .9995 ? 'over 99.9%' : percent(p, p > .99 ? 1 : 0)}`

// ---- chapter 1 ----
export class AveragesCard extends Card {
  constructor(means, names, accuracy) {
    super('1 · the nearest average', 'how far it is from the mean of each digit', accuracy,
      'the drawing on the nearest average: blue where only the drawing has ink, red where only the average has', names)
    this.means = means
  }

  read(x) {
    const distances = this.means.map(mean => meanDistance(mean, x))
    const best = distances.indexOf(Math.min(...distances)), most = Math.max(...distances)
    paintSigned(this.picture, x.map((v, i) => v - this.means[best][i]), 1)
    setText(this.caption, `blue: your ink alone; red: the average ${this.names[best]} alone. The shortest bar wins`)
    return this.say(best, `a ${this.names[best]}`, distances.map(d => d/most), distances.map(d => d.toFixed(3)))
  }
}

// ---- chapter 3 ----
export class LinearCard extends Card {
  constructor(model, names, accuracy) {
    super('2 · a linear model', 'a weight for each pixel, times the pixel, all added up', accuracy,
      'weights times pixels: blue speaks for the answer, red against it', names)
    this.params = model.params
    this.model = model
  }

  read(x) {
    const outputs = this.model.outputs(x), p = probabilities(outputs), best = argmax(p)
    const row = outputs.length > 1 ? best : 0, toward = outputs.length > 1 || best === 0 ? 1 : -1
    const weights = this.params[0].data.subarray(784*row, 784*(row + 1)), bias = toward*this.params[1].data[row]
    const products = x.map((v, i) => toward*v*weights[i])
    let pro = 0, contra = 0
    for (const v of products) if (v > 0) pro += v; else contra += v
    paintSigned(this.picture, products, mostOf(products))
    setText(this.caption, `for a ${this.names[best]}: ${signed(pro)} blue, ${signed(contra)} red, ${signed(bias)} bias ` +
      `= ${signed(pro + contra + bias)}`)
    return this.say(best, sayProbability(this.names[best], p[best]), p, p.map(v => percent(v)))
  }
}

// ---- chapter 7 ----
export class NetCard extends Card {
  constructor(model, names, accuracy) {
    const units = model.params[0].shape[0]
    super('3 · a neural net', `${units} hidden units, each lit or dark, and their votes`, accuracy,
      `the ${units} hidden units: blue speaks for the answer, red against it, white is dark`, names)
    this.model = model
    this.units = units
    this.voters = Array.from({length: 3}, () => {
      const weights = canvas(28, 28, 'the weights of a hidden unit', {class: 'pixels'}), text = h('span')
      this.extra.append(h('figure', {}, weights, h('figcaption', {}, text)))
      return {weights, text}
    })
  }

  read(x) {
    const [w1, b1, w2, b2] = this.model.params, outputs = this.model.outputs(x)
    const p = probabilities(outputs), best = argmax(p), many = outputs.length > 1
    const row = many ? best : 0, toward = many || best === 0 ? 1 : -1, {units} = this
    const votes = Array.from({length: units}, (_, u) => {
      let total = b1.data[u]
      for (let j = 0; j < 784; j++) total += x[j]*w1.data[784*u + j]
      return toward*Math.max(total, 0)*w2.data[units*row + u]
    })
    this.paintUnits(votes)
    const lit = votes.filter(v => v !== 0).length
    setText(this.caption, `${lit} of ${units} are lit. The loudest votes about ${this.names[best]}:`)
    const loudest = [...votes.keys()].sort((a, b) => Math.abs(votes[b]) - Math.abs(votes[a]))
    this.voters.forEach(({weights, text}, i) => {
      const unit = loudest[i], w = w1.data.subarray(784*unit, 784*(unit + 1))
      paintSigned(weights, w, mostOf(w))
      setText(text, signed(votes[unit]))
    })
    return this.say(best, sayProbability(this.names[best], p[best]), p, p.map(v => percent(v)))
  }

  paintUnits(votes) {
    const columns = Math.ceil(Math.sqrt(votes.length)), most = mostOf(votes), cell = 112/columns
    const context = this.picture.getContext('2d')
    if (this.picture.width !== 112) this.picture.width = this.picture.height = 112
    context.fillStyle = '#fff'
    context.fillRect(0, 0, 112, 112)
    votes.forEach((vote, u) => {
      const x = u%columns*cell, y = Math.floor(u/columns)*cell, radius = cell*.42
      context.beginPath()
      context.arc(x + cell/2, y + cell/2, radius, 0, 2*Math.PI)
      context.fillStyle = `rgb(${signColor(vote/most)})`
      context.fill()
      context.strokeStyle = '#767676'
      context.stroke()
    })
  }
}

// ---- chapter 12 ----
export class ConvCard extends Card {
  constructor(model, names, accuracy) {
    super('4 · convolutions', 'small kernels that look everywhere; it knows all ten digits', accuracy,
      'what the kernels of the first layer find', names)
    this.model = model
  }

  read(x) {
    const {scores, maps} = this.model.read(x), p = softmax(scores), best = argmax(p)
    this.paintMaps(maps)
    setText(this.caption, `what the ${maps.length/144} kernels of the first layer find in it`)
    return this.say(best, sayProbability(this.names[best], p[best]), p, p.map(v => percent(v)))
  }

  paintMaps(maps) { // each 12 x 12, three in a row
    const n = maps.length/144, columns = Math.ceil(Math.sqrt(n)), size = 13*columns, sheet = new Float32Array(size*size)
    const most = mostOf(maps)
    for (let k = 0; k < n; k++) for (let i = 0; i < 144; i++) {
      const row = 13*Math.floor(k/columns) + Math.floor(i/12), column = 13*(k%columns) + i%12
      sheet[row*size + column] = maps[144*k + i]/most
    }
    paintInk(this.picture, asSquare(sheet, size))
  }
}

export function cardsFor({means, models, accuracies}, names) { // the four stages, for two digits or for all ten
  return [
    new AveragesCard(names.map(name => means[name]), names, accuracies.averages),
    new LinearCard(models.linear, names, accuracies.linear),
    new NetCard(models.net, names, accuracies.net),
    new ConvCard(models.conv, tenNames, accuracies.conv),
  ]
}
