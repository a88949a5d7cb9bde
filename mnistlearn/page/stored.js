// Numbers in files: base64, and the course's own files, which are safetensors with a state in the header.
import {Refusal} from './refusal.js'

export const tooOld = 'This panel needs a browser of 2023 or later.' // one that can inflate

export async function inflate(base64) { // -> the bytes that Python's `zlib` has packed
  const packed = Uint8Array.from(atob(base64.trim()), c => c.charCodeAt(0))
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

const kinds = {
  F64: [Float64Array, 'float64'], F32: [Float32Array, 'float32'], U8: [Uint8Array, 'uint8'], BOOL: [Uint8Array, 'bool'],
  I64: [BigInt64Array, 'int64'], I32: [Int32Array, 'int32'], I16: [Int16Array, 'int16'], I8: [Int8Array, 'int8'],
}

function headerOf(bytes) {
  if (bytes.length < 8) throw new Refusal('it is no safetensors file: it is too short for one')
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (size > bytes.length - 8) throw new Refusal('it is no safetensors file, or only the beginning of one')
  try {
    return {size, header: JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes.subarray(8, 8 + size)))}
  } catch {
    throw new Refusal('it is no safetensors file: its header cannot be read')
  }
}

function tensorOf(name, {dtype, shape, data_offsets: [from, to]}, body) {
  if (!kinds[dtype]) throw new Refusal(`its tensor ${name} is of the kind ${dtype}: expected float32`)
  if (to > body.length) throw new Refusal(`it is damaged: it ends before its tensor ${name} does`)
  const [Kind, type] = kinds[dtype], bytes = body.slice(from, to)
  if (bytes.length !== shape.reduce((a, b) => a*b, Kind.BYTES_PER_ELEMENT)) {
    throw new Refusal(`it is damaged: its tensor ${name} is not as large as it says`)
  }
  return {shape, type, bytes, data: new Kind(bytes.buffer)}
}

const crcTable = Uint32Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? n >>> 1 ^ 0xedb88320 : n >>> 1
  return n
})

export function crc32(bytes, crc) {
  crc = ~crc
  for (const b of bytes) crc = crc >>> 8 ^ crcTable[(crc ^ b) & 255]
  return ~crc >>> 0
}

function checksum(text, tensors) { // as base/checkpoint computes it
  const coded = s => new TextEncoder().encode(s)
  let crc = crc32(coded(text), 0)
  for (const name of Object.keys(tensors).sort()) {
    const {shape, type, bytes} = tensors[name], tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
    crc = crc32(bytes, crc32(coded(`${name} torch.${type} (${tuple})`), crc))
  }
  return String(crc)
}

function unpack(o, tensors) { // JSON -> the state, with its tensors
  if (o === null || typeof o !== 'object') return o
  const [kind, value] = Object.entries(o)[0]
  if (kind === 'tensor' || kind === 'array') return tensors[value]
  if (kind === 'floats') return Array.from(tensors[value].data)
  if (kind === 'dict') return Object.fromEntries(value.map(([k, v]) => [unpack(k, tensors), unpack(v, tensors)]))
  return value.map(v => unpack(v, tensors)) // a list or a tuple
}

export function readState(bytes) { // what `write_state` of the course has written
  const {size, header} = headerOf(bytes), {__metadata__: metadata = {}, ...entries} = header
  const tensors = {}, body = bytes.subarray(8 + size)
  if (metadata.writer !== 'mnistlearn 1') throw new Refusal('it is a safetensors file, but the course has not written it')
  for (const [name, entry] of Object.entries(entries)) tensors[name] = tensorOf(name, entry, body)
  if (metadata.checksum !== checksum(metadata.state, tensors)) {
    throw new Refusal('it is damaged: its checksum does not agree with its contents')
  }
  return unpack(JSON.parse(metadata.state), tensors)
}
