// One's own: a model from a file, and twenty digits to train on.
import {download, zip} from './archive.js'
import {ModelCard} from './cards.js'
import {button, fileButton, h, setText} from './elements.js'
import {makeReader} from './models.js'
import {Pad} from './pad.js'
import {asSquare, canvas, paintInk} from './paint.js'
import {Refusal, refusalOf} from './refusal.js'
import {allOn, prepare} from './steps.js'
import {readState} from './stored.js'

// ---- a model ----
function readerOf(bytes) {
  try {
    return makeReader(readState(bytes))
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal('it does not hold what the course writes')
  }
}

// onModel: called with a card that reads
export class ModelDrop {
  constructor(root, onModel) {
    this.onModel = onModel
    this.status = h('p', {class: 'note', role: 'status'})
    const choose = fileButton('choose one …', {}, files => this.take(files[0]))
    this.zone = h('div', {class: 'drop'}, h('p', {}, 'Drop a .safetensors file here, or ', choose), this.status)
    this.zone.addEventListener('dragover', e => e.preventDefault())
    this.zone.addEventListener('drop', e => {
      e.preventDefault()
      this.take(e.dataTransfer.files[0])
    })
    root.replaceChildren(this.zone)
  }

  async take(file) {
    if (!file) return
    try {
      const bytes = new Uint8Array(await file.arrayBuffer().catch(() => { throw new Refusal('it cannot be read') }))
      this.onModel(new ModelCard(`yours · ${file.name}`, readerOf(bytes)))
      setText(this.status, `${file.name} reads with the others now: draw a digit at the top of the page.`)
    } catch (error) {
      const why = refusalOf(error)
      setText(this.status, `${file.name} cannot be used: ${why[0].toLowerCase()}${why.slice(1)}`)
    }
  }
}

// ---- digits ----
const wanted = 20, least = 4 // of each, to train on them and to validate

function pngOf(bytes) { // 784 bytes of ink -> a PNG file, light on dark, as MNIST's are
  const sheet = document.createElement('canvas')
  paintInk(sheet, asSquare(bytes.map(v => 255 - v)), 255)
  return new Promise(done => sheet.toBlob(async blob => done(new Uint8Array(await blob.arrayBuffer()))))
}

// state: {digits: which are to be drawn, kept: those that are there already, onKept: called with all when they change,
// onTrain: called with all to train on them, answerFor: what a model says of 784 bytes}, any may be left out
export class CollectPanel {
  constructor(root, {digits = ['3', '7'], kept = [], onKept, onTrain, answerFor} = {}) {
    Object.assign(this, {digits, onKept, answerFor})
    this.kept = []
    this.pad = new Pad(() => {})
    this.ask = h('p', {class: 'verdict'})
    this.status = h('p', {class: 'note', role: 'status'})
    this.list = h('ul', {class: 'thumbs', 'aria-label': 'the digits that you have drawn'})
    this.save = button('download them', () => this.write())
    this.train = button('train on them, above', () => this.trainOnThem(onTrain), {hidden: !onTrain})
    this.keepButton = button('keep it', () => this.keep())
    root.replaceChildren(h('div', {class: 'draw'}, this.pad.element, h('div', {class: 'beside'}, this.ask,
      h('div', {class: 'row'}, this.keepButton, this.save, this.train), this.status, this.list)))
    this.replace(kept)
  }

  replace(kept) { // with what another view of the same collection has
    this.kept = []
    this.list.replaceChildren()
    for (const one of kept) this.add(one)
    this.next()
  }

  countOf(label) { return this.kept.filter(one => one.label === label).length }

  get label() { // the digit of which there are the fewest
    return this.digits.reduce((a, b) => this.countOf(b) < this.countOf(a) ? b : a)
  }

  next() {
    const n = this.kept.length, enough = this.digits.every(label => this.countOf(label) >= least)
    const right = this.kept.filter(one => this.answerFor?.(one.pixels) === one.label).length
    const read = n && this.answerFor ? ` The convolutions read ${right} of ${n} as you meant them.` : ''
    setText(this.ask, (n < wanted ? `Draw a ${this.label} (${n + 1} of ${wanted}), each a little differently.` :
      `${n} digits. That is enough; or draw on, next a ${this.label}.`) + read)
    this.save.disabled = this.train.disabled = !enough
  }

  keep() {
    try {
      const pixels = prepare(this.pad.look(), allOn()).seen, {label} = this, answer = this.answerFor?.(pixels) ?? label
      this.add({label, pixels})
      this.pad.put([], {forget: true})
      this.next()
      this.onKept?.(this.kept)
      setText(this.status, answer === label ? '' :
        `Kept as a ${label}, though the convolutions take it for a ${answer}. If it is one, remove it.`)
    } catch (error) {
      setText(this.status, refusalOf(error))
    }
  }

  add(one) {
    const tile = canvas(28, 28, `a ${one.label}`, {class: 'pixels'})
    paintInk(tile, asSquare(one.pixels), 255)
    const remove = button('×', () => this.remove(one, item), {'aria-label': `remove this ${one.label}`})
    const item = h('li', {}, tile, h('span', {}, one.label), remove)
    this.kept.push(one)
    this.list.append(item)
  }

  remove(one, item) {
    const near = item.nextElementSibling ?? item.previousElementSibling
    this.kept.splice(this.kept.indexOf(one), 1)
    item.remove()
    ;(near?.querySelector('button') ?? this.keepButton).focus()
    this.next()
    this.onKept?.(this.kept)
  }

  trainOnThem(onTrain) {
    try {
      onTrain(this.kept)
    } catch (error) {
      setText(this.status, refusalOf(error))
    }
  }

  async write() { // of each digit every fourth, from the second on, to validate with
    const files = [], count = {}
    for (const {label, pixels} of this.kept) {
      const n = count[label] = (count[label] ?? 0) + 1, split = n%4 === 2 ? 'valid' : 'train'
      files.push([`my_digits/${split}/${label}/${String(n).padStart(3, '0')}.png`, await pngOf(pixels)])
    }
    download(zip(files), 'my_digits.zip')
    setText(this.status, 'In Python: load_digits("my_digits"), when it is unpacked.')
  }
}

export class YoursPanel { // both, on the page
  constructor(root, {onModel, onTrain, answerFor}) {
    const model = h('div'), collect = h('div')
    root.replaceChildren(
      h('h3', {}, 'A model of your own'),
      h('p', {}, 'A linear model, a net with one hidden layer or a convolutional net that the course has saved, by ',
        h('code', {}, 'mnistlearn train'), ' or ', h('code', {}, 'learn.save'),
        ', reads here too. Nothing in the file is run; it is read as numbers.'), model,
      h('h3', {}, 'Twenty 3s and 7s of your own'),
      h('p', {}, 'Draw them, and train on them: your hand is not among those that MNIST has seen. ' +
        `From ${least} of each there is enough to begin with. Nothing leaves this machine.`), collect)
    new ModelDrop(model, onModel)
    new CollectPanel(collect, {onTrain, answerFor})
  }
}
