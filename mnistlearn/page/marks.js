// What is on the drawing pad: strokes of a pen, and pictures laid on it. It is 200 wide and high, black on white.
import {findInk} from './paper.js'

export const side = 200

export const stroke = (width, ...points) => ({kind: 'stroke', width, points})

export const picture = (image, x, y, width, height) => ({kind: 'picture', image, x, y, width, height, thicker: 0})

function drawStroke(context, {width, points}) {
  context.lineWidth = width
  context.beginPath()
  const [[x, y]] = points
  if (points.length === 1) {
    context.arc(x, y, width/2, 0, 2*Math.PI)
    return context.fill()
  }
  context.moveTo(x, y)
  for (const [u, v] of points.slice(1)) context.lineTo(u, v)
  context.stroke()
}

function drawPicture(context, {image, x, y, width, height, thicker}) {
  context.drawImage(image, x, y, width, height)
  if (!thicker) return
  context.globalCompositeOperation = 'darken' // its ink, drawn all around where it was
  for (let angle = 0; angle < 2*Math.PI; angle += Math.PI/8) {
    context.drawImage(image, x + thicker*Math.cos(angle), y + thicker*Math.sin(angle), width, height)
  }
  context.globalCompositeOperation = 'source-over'
}

export function drawMarks(canvas, marks) {
  const context = canvas.getContext('2d', {willReadFrequently: true})
  context.setTransform(canvas.width/side, 0, 0, canvas.height/side, 0, 0)
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  context.fillStyle = context.strokeStyle = '#000'
  context.lineCap = context.lineJoin = 'round'
  for (const mark of marks) {
    if (mark.kind === 'stroke') drawStroke(context, mark)
    else drawPicture(context, mark)
  }
}

// ---- changes to all of it ----
function boxOf(marks) { // left, top, width, height
  const corners = marks.flatMap(mark => {
    if (mark.kind === 'picture') return [[mark.x, mark.y], [mark.x + mark.width, mark.y + mark.height]]
    return mark.points.flatMap(([x, y]) => [[x - mark.width/2, y - mark.width/2], [x + mark.width/2, y + mark.width/2]])
  })
  const xs = corners.map(([x]) => x), ys = corners.map(([, y]) => y)
  const left = Math.min(...xs), top = Math.min(...ys)
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top]
}

function asInk({file, ...mark}) { // a picture from a file: its ink alone, black on white, whatever it was
  if (!file) return mark
  const {width, height, data} = findInk(file.colors), image = canvasFrom(width, height, i => 255*(1 - data[i]))
  return {...mark, image}
}

export function fitted(marks, size, middle) { // as large as this, its middle there
  const [left, top, width, height] = boxOf(marks), scale = size/Math.max(width, height, 1)
  const x = u => middle[0] + (u - left - width/2)*scale, y = v => middle[1] + (v - top - height/2)*scale
  return marks.map(mark => {
    if (mark.kind === 'stroke') {
      return {...mark, width: mark.width*scale, points: mark.points.map(([u, v]) => [x(u), y(v)])}
    }
    return {...asInk(mark), x: x(mark.x), y: y(mark.y), width: mark.width*scale, height: mark.height*scale}
  })
}

export function withThickPen(marks) {
  return marks.map(mark => {
    if (mark.kind === 'stroke') return {...mark, width: 54}
    return {...asInk(mark), thicker: 12}
  })
}

// ---- pixels ----
export function pixelsOf(canvas) { // {width, height, data: RGBA bytes}
  const {width, height} = canvas
  return {width, height, data: canvas.getContext('2d', {willReadFrequently: true}).getImageData(0, 0, width, height).data}
}

function canvasOf(image, width, height) {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  canvas.getContext('2d', {willReadFrequently: true}).drawImage(image, 0, 0, width, height)
  return canvas
}

const mostPixels = 2**24 // some browsers give none for a larger canvas

export async function readPicture(file) { // -> {pixels, shown: a canvas that is small enough for the pad}
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer())
  const isPng = head[0] === 0x89 && head[1] === 0x50, hasAlpha = isPng && [4, 6].includes(head[25])
  const image = await createImageBitmap(file, {colorSpaceConversion: 'none'})
  const scale = Math.min(1, Math.sqrt(mostPixels/(image.width*image.height)))
  const whole = canvasOf(image, Math.max(1, Math.round(scale*image.width)), Math.max(1, Math.round(scale*image.height)))
  const share = Math.min(1, 560/Math.max(whole.width, whole.height))
  const shown = canvasOf(whole, Math.max(1, Math.round(share*whole.width)), Math.max(1, Math.round(share*whole.height)))
  image.close()
  return {pixels: {...pixelsOf(whole), hasAlpha}, shown}
}

function canvasFrom(width, height, greyAt) {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d'), image = context.createImageData(width, height)
  for (let i = 0; i < width*height; i++) image.data.set([greyAt(i), greyAt(i), greyAt(i), 255], 4*i)
  context.putImageData(image, 0, 0)
  return canvas
}

export const imageOfDigit = bytes => canvasFrom(28, 28, i => 255 - bytes[i]) // 784 bytes of ink, black on white

const arc = (x, y, r, from, to, n = 14) => Array.from({length: n + 1}, (_, i) => {
  const angle = (from + (to - from)*i/n)*Math.PI/180
  return [x + r*Math.cos(angle), y + r*Math.sin(angle)]
})

export const aThree = () => stroke(13, ...arc(95, 68, 28, -150, 90), ...arc(95, 128, 32, -90, 150))
