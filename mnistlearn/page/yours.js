// One's own: a model from a file, and twenty digits to train on.
import {argmax, sigmoid, softmax} from './arithmetic.js'
import {download, zip} from './archive.js'
import {button, h, percent, setText} from './elements.js'
import {makeReader} from './models.js'
import {Pad} from './pad.js'
import {asSquare, bars, canvas, paintInk} from './paint.js'
import {asMnist} from './prepare.js'
import {readState} from './stored.js'

// ---- a model ----
export class OwnCard {
  constructor(name, {model, vocab, accuracy, recipe}) {
    Object.assign(this, {model, vocab})
    this.answer = h('output', {class: 'answer'}, '–')
    this.bars = bars(vocab, `${name}: each answer`)
    const right = accuracy === null ? '' : `, right on ${percent(accuracy, 1)} of the images that it never saw`
    this.element = h('article', {class: 'card'}, h('h3', {}, name),
      h('p', {class: 'small'}, `${recipe}${right}`), this.answer, this.bars.element)
  }

  clear() {
    setText(this.answer, '–')
    this.bars.set(this.vocab.map(() => 0), this.vocab.map(() => ''), -1)
  }

  read(x) {
    const outputs = this.model.outputs(x)
    const p = outputs.length > 1 ? softmax(outputs) : [sigmoid(outputs[0]), 1 - sigmoid(outputs[0])], best = argmax(p)
    setText(this.answer, `a ${this.vocab[best]}, ${percent(p[best], 1)}`)
    this.bars.set(p, p.map(v => percent(v)), best)
    return this.vocab[best]
  }
}

// onModel: called with a card that reads
export class ModelDrop {
  constructor(root, onModel) {
    this.onModel = onModel
    this.status = h('p', {class: 'note', role: 'status'})
    const input = h('input', {type: 'file', hidden: true, change: () => this.take(input.files[0])})
    this.zone = h('div', {class: 'drop'}, h('p', {}, 'Drop a .safetensors file here, or ',
      button('choose one …', () => input.click()), input), this.status)
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
      const reader = makeReader(readState(new Uint8Array(await file.arrayBuffer())))
      this.onModel(new OwnCard(`yours · ${file.name}`, reader))
      setText(this.status, `${file.name} reads with the others now: draw a digit at the top of the page.`)
    } catch (error) {
      const why = error instanceof TypeError ? 'it does not hold what the course writes' : error.message
      setText(this.status, `${file.name} cannot be used: ${why}.`)
    }
  }
}

// ---- digits ----
const wanted = 20

function pngOf(bytes) { // 784 bytes of ink -> a PNG file, light on dark, as MNIST's are
  const sheet = document.createElement('canvas')
  paintInk(sheet, asSquare(bytes.map(v => 255 - v)), 255)
  return new Promise(done => sheet.toBlob(async blob => done(new Uint8Array(await blob.arrayBuffer()))))
}

// state: {digits: which are to be drawn in turn, onKept: called with all that are kept}, both may be left out
export class CollectPanel {
  constructor(root, {digits = ['3', '7'], onKept = () => {}} = {}) {
    this.digits = digits
    this.onKept = onKept
    this.kept = []
    this.pad = new Pad(() => {})
    this.ask = h('p', {class: 'verdict'})
    this.status = h('p', {class: 'note', role: 'status'})
    this.list = h('ul', {class: 'thumbs', 'aria-label': 'the digits that you have drawn'})
    this.save = button('download them', () => this.write(), {disabled: true})
    root.replaceChildren(h('div', {class: 'draw'}, this.pad.element, h('div', {}, this.ask,
      h('div', {class: 'row'}, button('keep it', () => this.keep()), this.save), this.status, this.list)))
    this.next()
  }

  get label() { return this.digits[this.kept.length%this.digits.length] }

  next() {
    const n = this.kept.length
    setText(this.ask, n < wanted ? `Draw a ${this.label} (${n + 1} of ${wanted}), each a little differently.` :
      `${n} digits. Download them, or draw on: next a ${this.label}.`)
    this.save.disabled = n < 2*this.digits.length // one to train on and one to validate with, of each
    this.onKept(this.kept)
  }

  keep() {
    try {
      const pixels = asMnist(this.pad.pixels())
      this.add({label: this.label, pixels})
      this.pad.set([])
      setText(this.status, '')
    } catch (error) {
      setText(this.status, `${error.message[0].toUpperCase()}${error.message.slice(1)}.`)
    }
  }

  add(one) {
    const tile = canvas(28, 28, `a ${one.label}`, {class: 'pixels'})
    paintInk(tile, asSquare(one.pixels), 255)
    const item = h('li', {}, tile, h('span', {}, one.label), button('×', () => {
      this.kept.splice(this.kept.indexOf(one), 1)
      item.remove()
      this.next()
    }, {'aria-label': `remove this ${one.label}`}))
    this.kept.push(one)
    this.list.append(item)
    this.next()
  }

  async write() { // of each digit every fourth, and at least one, to validate with
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
  constructor(root, {onModel}) {
    const model = h('div'), collect = h('div')
    root.replaceChildren(
      h('h3', {}, 'A model of your own'),
      h('p', {}, 'What the course has saved, by ', h('code', {}, 'mnistlearn train'), ' or ', h('code', {}, 'learn.save'),
        ', reads here too. Nothing in the file is run; it is read as numbers.'), model,
      h('h3', {}, 'Twenty digits of your own'),
      h('p', {}, 'Draw them, download them, and train on them: your hand is not among those that MNIST has seen. ' +
        'Nothing leaves this machine.'), collect)
    new ModelDrop(model, onModel)
    new CollectPanel(collect)
  }
}
