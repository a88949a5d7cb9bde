// The stages of the course, each with its reading of 784 pixels and what it is made of.
import {argmax, forward, meanDistance, sigmoid, softmax} from './arithmetic.js'
import {h, percent, setText, signed, swatches} from './elements.js'
import {bars, canvas, mostOf, paint, paintInk, paintSigned, signColor} from './paint.js'

const tenNames = [...'0123456789']

class Card {
  constructor(title, what, names, accuracy, pictureLabel, ...keys) {
    this.names = names
    this.answer = h('p', {class: 'answer'}, '–')
    this.picture = canvas(112, 112, pictureLabel, {class: 'pixels'})
    this.caption = h('p', {class: 'small'})
    this.bars = bars(names, `${title}: each answer`)
    this.extra = h('div', {class: 'extra'})
    const among = names.length === 2 ? `${names[0]}s and ${names[1]}s` : 'all ten digits'
    this.element = h('article', {class: 'card'},
      h('h3', {}, title), h('p', {class: 'small'}, what), this.answer,
      h('div', {class: 'look'}, this.picture, this.bars.element), ...keys, this.caption, this.extra,
      h('p', {class: 'small accuracy'}, `Right on ${percent(accuracy, 1)} of ${among} that it never saw.`))
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

  sayProbabilities(p) {
    const best = argmax(p), most = p[best]
    const share = most > .9995 ? 'over 99.9%' : percent(most, most > .99 ? 1 : 0)
    return this.say(best, `a ${this.names[best]}, ${share}`, p, p.map(sayShare))
  }
}

const sayShare = p => p < .005 ? '<1%' : p > .995 ? '>99%' : percent(p)

export function probabilities(outputs, temperature = 1) {
  const scores = Array.from(outputs, score => score/temperature)
  return scores.length > 1 ? softmax(scores) : [sigmoid(scores[0]), 1 - sigmoid(scores[0])]
}

// Which output speaks about the answer, and with which sign: one output alone speaks for the first name, or against it
const speakerOf = (outputs, best) => outputs.length > 1 ? {row: best, sign: 1} : {row: 0, sign: best === 0 ? 1 : -1}

// ---- chapter 1 ----
export class AveragesCard extends Card {
  constructor(means, names, accuracy) {
    super('1 · the nearest average', 'how far it is from the mean image of each digit; here a short bar is near', names,
      accuracy, 'the drawing on the nearest average', swatches('ink of yours alone', "the average's alone"))
    this.means = means
  }

  read(x) {
    const distances = this.means.map(mean => meanDistance(mean, x))
    const best = distances.indexOf(Math.min(...distances)), most = Math.max(...distances)
    paintSigned(this.picture, x.map((v, i) => v - this.means[best][i]), 1)
    setText(this.caption, this.names[best] === '1' ? 'The average 1 has the least ink, and so is never very far.' : '')
    return this.say(best, `a ${this.names[best]}`, distances.map(d => d/most), distances.map(d => d.toFixed(3)))
  }
}

// ---- chapter 3 ----
export class LinearCard extends Card {
  constructor(model, names, accuracy) {
    super('2 · a linear model', 'a weight for each pixel, times the pixel, all added up', names, accuracy,
      'weights times pixels', swatches('for the answer', 'against it'))
    this.model = model
  }

  read(x) {
    const outputs = this.model.outputs(x), p = probabilities(outputs), best = argmax(p)
    const {row, sign} = speakerOf(outputs, best), [weight, bias] = this.model.params
    const products = x.map((v, i) => sign*v*weight.data[784*row + i])
    let pro = 0, contra = 0
    for (const v of products) if (v > 0) pro += v; else contra += v
    const total = sign*outputs[row]
    paintSigned(this.picture, products, mostOf(products))
    const parts = `${signed(pro)} blue, ${signed(contra)} orange, ${signed(sign*bias.data[row])} bias`
    const sum = `${parts}: about ${signed(total)}`
    const ranked = [...outputs].sort((a, b) => b - a), next = this.names[outputs.indexOf(ranked[1])]
    setText(this.caption, outputs.length === 1 ? `${sum}. The sigmoid of it: ${percent(p[best], 1)}.` :
      `${sum}. Next is the ${next} with ${signed(ranked[1])}. From all ten, softmax makes ${percent(p[best], 1)}.`)
    return this.sayProbabilities(p)
  }
}

// ---- chapter 7 ----
export class NetCard extends Card {
  constructor(model, names, accuracy) {
    const units = model.params[0].shape[0]
    const more = names.length > 2 ? " (chapter 12's has 100)" : ''
    super('3 · a neural net', `${units} hidden units${more}, each lit or dark; the lit ones vote`, names, accuracy,
      `the ${units} hidden units: a thick ring is lit, the colour is its vote`, swatches('votes for it', 'against it'))
    this.model = model
    this.units = units
    this.voters = Array.from({length: 3}, () => {
      const weights = canvas(28, 28, 'the weights of this unit: blue pixels speak for the answer', {class: 'pixels'})
      const text = h('span')
      this.extra.append(h('figure', {}, weights, h('figcaption', {}, text)))
      return {weights, text}
    })
  }

  read(x) {
    const {hidden, outputs} = forward(this.model.params, x), p = probabilities(outputs), best = argmax(p)
    const {row, sign} = speakerOf(outputs, best), [w1, , w2] = this.model.params, {units} = this
    const votes = Array.from(hidden, (v, u) => sign*v*w2.data[units*row + u])
    this.paintUnits(hidden, votes)
    const lit = hidden.filter(v => v > 0).length
    setText(this.caption, `Rings: ${lit} of ${units} are lit. The loudest votes, and where ink speaks for the answer:`)
    const loudest = [...votes.keys()].sort((a, b) => Math.abs(votes[b]) - Math.abs(votes[a]))
    this.voters.forEach(({weights, text}, i) => {
      const unit = loudest[i], w = w1.data.slice(784*unit, 784*(unit + 1))
      paintSigned(weights, votes[unit] < 0 ? w.map(v => -v) : w, mostOf(w))
      setText(text, signed(votes[unit]))
    })
    return this.sayProbabilities(p)
  }

  paintUnits(hidden, votes) {
    const columns = Math.ceil(Math.sqrt(votes.length)), most = mostOf(votes), cell = 112/columns
    const context = this.picture.getContext('2d')
    if (this.picture.width !== 112) this.picture.width = this.picture.height = 112
    context.fillStyle = '#fff'
    context.fillRect(0, 0, 112, 112)
    votes.forEach((vote, u) => {
      const x = (u%columns + .5)*cell, y = (Math.floor(u/columns) + .5)*cell
      context.beginPath()
      context.arc(x, y, cell*.38, 0, 2*Math.PI)
      context.fillStyle = `rgb(${signColor(vote/most)})`
      context.fill()
      context.lineWidth = hidden[u] > 0 ? 2 : .7
      context.strokeStyle = hidden[u] > 0 ? '#000' : '#999'
      context.stroke()
    })
  }
}

// ---- chapter 12 ----
export class ConvCard extends Card {
  constructor(model, accuracy) {
    super('4 · convolutions', 'small kernels that look at every place; it always knows all ten digits', tenNames,
      accuracy, 'the kernels of the first layer, and beside each where it finds what it looks for')
    this.model = model
  }

  read(x) {
    const {scores, maps} = this.model.read(x)
    this.paintMaps(maps)
    setText(this.caption, 'Left the 3 x 3 kernels of the first layer, right of each where it finds much (black), ' +
      'in the first of five crops of the image, over which the net takes the mean')
    return this.sayProbabilities(probabilities(scores, this.model.temperature))
  }

  paintMaps(maps) { // two in a row, each of 12 x 12 pixels, with its kernel of the same size before it
    const {weight} = this.model.layers[0], n = weight.shape[0], rows = Math.ceil(n/2), most = mostOf(maps)
    const strongest = mostOf(weight.data)
    paint(this.picture, 52, 13*rows, i => {
      const row = Math.floor(i/52), column = i%52, r = row%13, c = column%13
      const k = 2*Math.floor(row/13) + (column < 26 ? 0 : 1)
      if (r === 12 || c === 12 || k >= n) return [255, 255, 255]
      if (column%26 < 13) return signColor(weight.data[9*k + 3*Math.floor(r/4) + Math.floor(c/4)]/strongest)
      const grey = 255*(1 - maps[144*k + 12*r + c]/most)
      return [grey, grey, grey]
    })
  }
}

export function cardsFor({means, models, accuracies}, names) { // the four stages, for two digits or for all ten
  return [
    new AveragesCard(names.map(name => means[name]), names, accuracies.averages),
    new LinearCard(models.linear, names, accuracies.linear),
    new NetCard(models.net, names, accuracies.net),
    new ConvCard(models.conv, accuracies.conv),
  ]
}

// ---- any model ----
export class ModelCard {
  constructor(title, {model, vocab, accuracy, note}) {
    this.model = model
    this.names = vocab
    this.answer = h('p', {class: 'answer'}, '–')
    this.bars = bars(vocab, `${title}: each answer`)
    const right = accuracy === null ? '' : ` Right on ${percent(accuracy, 1)} of the images that it never saw.`
    this.element = h('article', {class: 'card'}, h('h3', {}, title), h('p', {class: 'small'}, `${note}${right}`),
      this.answer, this.bars.element)
  }

  clear() {
    setText(this.answer, '–')
    this.bars.set(this.names.map(() => 0), this.names.map(() => ''), -1)
  }

  read(x) {
    const p = probabilities(this.model.outputs(x), this.model.temperature), best = argmax(p)
    setText(this.answer, `a ${this.names[best]}, ${percent(p[best], 1)}`)
    this.bars.set(p, p.map(sayShare), best)
    return this.names[best]
  }
}
