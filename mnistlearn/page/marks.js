// What is on the drawing pad: strokes of a pen, and pictures laid on it. It is 200 wide and high, black on white.

export const side = 200

export const stroke = (width, ...points) => ({kind: 'stroke', width, points})

export const picture = (image, x, y, width, height) => ({kind: 'picture', image, x, y, width, height})

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

export function drawMarks(canvas, marks) {
  const context = canvas.getContext('2d', {willReadFrequently: true})
  context.setTransform(canvas.width/side, 0, 0, canvas.height/side, 0, 0)
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  context.fillStyle = context.strokeStyle = '#000'
  context.lineCap = context.lineJoin = 'round'
  for (const mark of marks) {
    if (mark.kind === 'stroke') drawStroke(context, mark)
    else context.drawImage(mark.image, mark.x, mark.y, mark.width, mark.height)
  }
}

export function changed(mark, {scale = 1, right = 0, down = 0, pen = 1}) { // of another size, elsewhere, with another pen
  const x = u => 100 + (u - 100)*scale + right, y = v => 100 + (v - 100)*scale + down
  if (mark.kind === 'picture') {
    return {...mark, x: x(mark.x), y: y(mark.y), width: mark.width*scale, height: mark.height*scale}
  }
  return {...mark, width: mark.width*scale*pen, points: mark.points.map(([u, v]) => [x(u), y(v)])}
}

export function pixelsOf(canvas) { // {width, height, data: RGBA bytes}
  const {width, height} = canvas
  return {width, height, data: canvas.getContext('2d', {willReadFrequently: true}).getImageData(0, 0, width, height).data}
}

export function pixelsOfImage(image) { // of a bitmap, as large as it is
  const whole = document.createElement('canvas')
  whole.width = image.width
  whole.height = image.height
  whole.getContext('2d', {willReadFrequently: true}).drawImage(image, 0, 0)
  return pixelsOf(whole)
}

export function imageOfDigit(bytes) { // 784 bytes of ink -> a canvas, black on white
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 28
  const context = canvas.getContext('2d'), image = context.createImageData(28, 28)
  for (let i = 0; i < 784; i++) image.data.set([255 - bytes[i], 255 - bytes[i], 255 - bytes[i], 255], 4*i)
  context.putImageData(image, 0, 0)
  return canvas
}

const arc = (x, y, r, from, to, n = 14) => Array.from({length: n + 1}, (_, i) => {
  const angle = (from + (to - from)*i/n)*Math.PI/180
  return [x + r*Math.cos(angle), y + r*Math.sin(angle)]
})

export const aSeven = () => stroke(13, [60, 62], [138, 58], [122, 95], [106, 130], [98, 158])

export const aThree = () => stroke(13, ...arc(95, 68, 28, -150, 90), ...arc(95, 128, 32, -90, 150))
