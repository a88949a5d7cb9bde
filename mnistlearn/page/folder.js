// Images of the visitor's own, to train on: a folder for each of two digits, perhaps below train and valid.
import {readPicture} from './marks.js'
import {asMnist} from './prepare.js'
import {Refusal} from './refusal.js'
import {randomNumbers} from './trainer.js'

function shuffled(rows) { // so that the first of them are of both digits
  const random = randomNumbers(1)
  return rows.map(row => [random(), row]).sort(([a], [b]) => a - b).map(([, row]) => row)
}

const most = 600 // images of each digit
const splits = {train: 'train', training: 'train', valid: 'valid', testing: 'valid'}

function preparedOrNothing(pixels) { // nothing, where there is nothing to be seen
  try {
    return asMnist(pixels)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}

function byLabel(files) { // {label: [{file, split}]}
  const found = {}
  for (const file of files) {
    const path = file.webkitRelativePath.split('/'), label = path.at(-2)
    if (!/\.(png|jpe?g|gif|bmp|webp)$/i.test(file.name)) continue
    found[label] = [...found[label] ?? [], {file, split: splits[path.at(-3)]}]
  }
  return found
}

function checkLabels(counts) { // {label: how many}
  const found = Object.entries(counts).map(([label, n]) => `${n} of ${label}`), total = Object.values(counts)
  if (found.length === 2 && total[0] + total[1] >= 8) return
  throw new Refusal('expected a folder with two folders in it, one for each digit, and eight or more pictures in all; ' +
                    `found ${found.slice(0, 12).join(', ') || 'none'}`)
}

function grouped(images) {
  const groups = {}
  for (const image of images) groups[image.label] = [...groups[image.label] ?? [], image]
  return groups
}

const counted = groups => Object.fromEntries(Object.entries(groups).map(([label, all]) => [label, all.length]))

export async function readFolder(files) { // -> images, {label, pixels: 784 bytes, split: train, valid or none}
  const found = byLabel(files), images = []
  checkLabels(counted(found))
  for (const [label, all] of Object.entries(found)) {
    const every = Math.ceil(all.length/most)
    for (const {file, split} of all.filter((_, i) => i%every === 0)) {
      const picture = await readPicture(file).catch(() => null)
      const pixels = picture && preparedOrNothing(picture.pixels)
      if (pixels) images.push({label, split, pixels})
    }
  }
  return images
}

export function inputsOf(images) { // -> {train, valid, names} for a panel that trains
  const names = [...new Set(images.map(image => image.label))].sort()
  checkLabels(counted(grouped(images)))
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
  const inputs = sorted => {
    const rows = shuffled(sorted), x = new Float32Array(784*rows.length)
    rows.forEach(({pixels}, i) => x.set(Array.from(pixels, v => v/255), 784*i))
    return {x, y: rows.map(({label}) => label === names[0] ? 1 : 0)}
  }
  return {train: inputs(parts.train), valid: inputs(parts.valid), names}
}
