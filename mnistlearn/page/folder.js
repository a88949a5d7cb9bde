// Images of the visitor's own, to train on: a folder for each of two digits, perhaps below train and valid.
import {readPicture} from './marks.js'
import {asMnist} from './prepare.js'
import {Refusal} from './refusal.js'

const most = 600 // images of each digit
const splits = {train: 'train', training: 'train', valid: 'valid', testing: 'valid'}

function byLabel(files) { // {label: [{file, split}]}
  const found = {}
  for (const file of files) {
    const path = file.webkitRelativePath.split('/'), label = path.at(-2)
    if (!/\.(png|jpe?g|gif|bmp|webp)$/i.test(file.name)) continue
    found[label] = [...found[label] ?? [], {file, split: splits[path.at(-3)]}]
  }
  return found
}

export async function readFolder(files) { // -> images, {label, pixels: 784 bytes, split: train, valid or none}
  const found = byLabel(files), images = []
  for (const [label, all] of Object.entries(found)) {
    const every = Math.ceil(all.length/most)
    for (const {file, split} of all.filter((_, i) => i%every === 0)) {
      try {
        images.push({label, split, pixels: asMnist((await readPicture(file)).pixels)})
      } catch { /* no picture, or nothing to be seen on it: it is not among those that count */ }
    }
  }
  return images
}

export function inputsOf(images) { // -> {train, valid, names} for a panel that trains
  const names = [...new Set(images.map(image => image.label))].sort()
  const counts = names.map(name => `${images.filter(image => image.label === name).length} of ${name}`)
  if (names.length !== 2 || images.length < 8) {
    throw new Refusal('expected a folder with two folders in it, one for each digit, and eight or more pictures ' +
                      `in all; found ${counts.join(', ') || 'none that can be read'}`)
  }
  const seen = {}, parts = {train: [], valid: []}
  for (const image of images) { // where no split is given, every fourth of each digit validates
    const n = seen[image.label] = (seen[image.label] ?? 0) + 1
    parts[image.split ?? (n%4 === 2 ? 'valid' : 'train')].push(image)
  }
  for (const [split, rows] of Object.entries(parts)) {
    if (new Set(rows.map(image => image.label)).size !== 2) {
      const purpose = split === 'train' ? 'learn from' : 'validate with'
      throw new Refusal(`of one of the digits there is no picture to ${purpose}`)
    }
  }
  const inputs = rows => {
    const x = new Float32Array(784*rows.length)
    rows.forEach(({pixels}, i) => x.set(Array.from(pixels, v => v/255), 784*i))
    return {x, y: rows.map(({label}) => label === names[0] ? 1 : 0)}
  }
  return {train: inputs(parts.train), valid: inputs(parts.valid), names}
}
