// What the models of the course compute, and how the two small ones learn. Weights are {shape, data}, as in PyTorch.

export const sigmoid = x => (1 + Math.tanh(x/2))/2

export function softmax(scores) {
  const top = Math.max(...scores), powers = Array.from(scores, s => Math.exp(s - top))
  const total = powers.reduce((a, b) => a + b, 0)
  return powers.map(p => p/total)
}

export const argmax = xs => xs.indexOf(Math.max(...xs))

export function meanDistance(a, b) { // chapter 1: the mean absolute difference of two images
  let total = 0
  for (let i = 0; i < a.length; i++) total += Math.abs(a[i] - b[i])
  return total/a.length
}

// ---- layers ----
export function linear(x, weight, bias, n = 1) { // (n, inputs) -> (n, outputs)
  const [outputs, inputs] = weight.shape, w = weight.data, out = new Float32Array(n*outputs)
  for (let i = 0; i < n; i++) for (let o = 0; o < outputs; o++) {
    let total = bias.data[o]
    for (let j = 0, a = i*inputs, b = o*inputs; j < inputs; j++) total += x[a + j]*w[b + j]
    out[i*outputs + o] = total
  }
  return out
}

export const relu = x => x.map(v => Math.max(v, 0))

function withMargin(x, size) { // (channels, size, size) -> a row and a column of zeros on each side
  const channels = x.length/(size*size), wide = size + 2, out = new Float32Array(channels*wide*wide)
  for (let c = 0; c < channels; c++) for (let r = 0; r < size; r++) {
    const from = (c*size + r)*size
    out.set(x.subarray(from, from + size), (c*wide + r + 1)*wide + 1)
  }
  return out
}

// One kernel, whose nine weights begin at `at`, over one channel, which begins at `from` in `room`. What it sees moves on
// by a column at a time: a, b and c are the three columns, each of them with its three rows.
function addKernel(sums, room, from, size, w, at) {
  const [w00, w01, w02, w10, w11, w12, w20, w21, w22] = w.subarray(at, at + 9), wide = size + 2
  for (let r = 0, to = 0; r < size; r++) {
    const row0 = from + r*wide, row1 = row0 + wide, row2 = row1 + wide
    let a0 = room[row0], b0 = room[row0 + 1], a1 = room[row1], b1 = room[row1 + 1], a2 = room[row2], b2 = room[row2 + 1]
    for (let col = 2; col < wide; col++, to++) {
      const c0 = room[row0 + col], c1 = room[row1 + col], c2 = room[row2 + col]
      sums[to] += a0*w00 + b0*w01 + c0*w02 + a1*w10 + b1*w11 + c1*w12 + a2*w20 + b2*w21 + c2*w22
      a0 = b0
      b0 = c0
      a1 = b1
      b1 = c1
      a2 = b2
      b2 = c2
    }
  }
}

export function convolve(x, size, weight) { // (channels, size, size) -> (kernels, size, size), each kernel 3 x 3
  const [kernels, channels] = weight.shape, area = size*size, wide = size + 2
  const room = withMargin(x, size), out = new Float32Array(kernels*area), sums = new Float64Array(area)
  for (let k = 0; k < kernels; k++) {
    sums.fill(0)
    for (let c = 0; c < channels; c++) addKernel(sums, room, c*wide*wide, size, weight.data, 9*(k*channels + c))
    out.set(sums, k*area)
  }
  return out
}

export function maxPool(x, size) { // the largest of each 2 x 2
  const half = size >> 1, channels = x.length/(size*size), out = new Float32Array(channels*half*half)
  for (let c = 0; c < channels; c++) for (let r = 0; r < half; r++) for (let col = 0; col < half; col++) {
    const i = (c*size + 2*r)*size + 2*col
    out[(c*half + r)*half + col] = Math.max(x[i], x[i + 1], x[i + size], x[i + size + 1])
  }
  return out
}

export function batchNorm(x, {weight, bias, mean, variance}) { // in use: with its running averages
  const channels = weight.data.length, each = x.length/channels, out = new Float32Array(x.length)
  for (let c = 0; c < channels; c++) {
    const factor = weight.data[c]/Math.sqrt(variance.data[c] + 1e-5), shift = bias.data[c] - mean.data[c]*factor
    for (let i = c*each; i < (c + 1)*each; i++) out[i] = x[i]*factor + shift
  }
  return out
}

export function channelMeans(x, channels) {
  const each = x.length/channels, out = new Float32Array(channels)
  x.forEach((v, i) => { out[Math.floor(i/each)] += v/each })
  return out
}

// ---- chapter 12's convolutional net: it looks at five places of an image ----
const places = [[2, 2], [1, 2], [3, 2], [2, 1], [2, 3]]

function partOf(image, top, left) { // 24 x 24 of 28 x 28
  const out = new Float32Array(576)
  for (let r = 0; r < 24; r++) out.set(image.subarray(28*(top + r) + left, 28*(top + r) + left + 24), 24*r)
  return out
}

export function convNet({layers, last}, image) { // 784 pixels, 0..1 -> ten scores, and the first layer's maps
  const scores = new Float64Array(last.bias.data.length)
  let maps
  for (const [top, left] of places) {
    let x = partOf(image, top, left), size = 24
    for (const {weight, pool, norm} of layers) {
      x = convolve(x, size, weight)
      if (pool) {
        x = maxPool(x, size)
        size >>= 1
      }
      x = relu(batchNorm(x, norm))
      maps ??= x
    }
    const means = channelMeans(x, last.weight.shape[1])
    linear(means, last.weight, last.bias).forEach((s, i) => { scores[i] += s/places.length })
  }
  return {scores, maps}
}

// ---- the linear model of chapter 3 and the net of chapter 7: outputs, loss, gradients, a step ----
export function forward([w1, b1, w2, b2], x, n = 1) { // images (n, 784), 0..1
  if (!w2) return {outputs: linear(x, w1, b1, n)}
  const hidden = relu(linear(x, w1, b1, n))
  return {hidden, outputs: linear(hidden, w2, b2, n)}
}

export function mnistLoss(outputs, targets) { // the mean distance of the sigmoids from the targets, and its slopes
  const n = outputs.length, slopes = new Float32Array(n)
  let loss = 0
  for (let i = 0; i < n; i++) {
    const p = sigmoid(outputs[i])
    loss += (targets[i] ? 1 - p : p)/n
    slopes[i] = (targets[i] ? -1 : 1)*p*(1 - p)/n
  }
  return {loss, slopes}
}

function linearGradients(slopes, x, {shape: [outputs, inputs]}, n) { // of the weights and the bias
  const weights = new Float32Array(outputs*inputs), bias = new Float32Array(outputs)
  for (let i = 0; i < n; i++) for (let o = 0; o < outputs; o++) {
    const slope = slopes[i*outputs + o]
    if (!slope) continue
    bias[o] += slope
    for (let j = 0, a = i*inputs, b = o*inputs; j < inputs; j++) weights[b + j] += slope*x[a + j]
  }
  return [weights, bias]
}

export function gradients(params, x, targets, n) { // of the loss of one batch, for each of the parameters
  const [w1, , w2] = params, {hidden, outputs} = forward(params, x, n)
  const {loss, slopes} = mnistLoss(outputs, targets)
  if (!w2) return {loss, grads: linearGradients(slopes, x, w1, n)}
  const units = w1.shape[0], back = new Float32Array(n*units)
  for (let i = 0; i < n; i++) for (let u = 0; u < units; u++) {
    if (hidden[i*units + u] > 0) back[i*units + u] = slopes[i]*w2.data[u]
  }
  return {loss, grads: [...linearGradients(back, x, w1, n), ...linearGradients(slopes, hidden, w2, n)]}
}

export function step(params, grads, rate) {
  params.forEach(({data}, k) => {
    for (let i = 0; i < data.length; i++) data[i] -= rate*grads[k][i]
  })
}
