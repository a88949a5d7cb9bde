// Files for the visitor to keep: a zip archive, whose entries are stored as they are.
import {crc32} from './stored.js'

function numbers(...pairs) { // [value, bytes], the lowest byte first
  return pairs.flatMap(([value, n]) => Array.from({length: n}, (_, i) => value >>> 8*i & 255))
}

export function zip(files) { // [name, bytes] -> the archive, as a Blob
  const parts = [], list = []
  let at = 0
  for (const [name, bytes] of files) {
    const path = new TextEncoder().encode(name), day = 0x5821 // the first of January 2024
    const common = numbers([20, 2], [0, 2], [0, 2], [0, 2], [day, 2], [crc32(bytes, 0), 4], [bytes.length, 4],
                           [bytes.length, 4], [path.length, 2], [0, 2])
    const head = [...numbers([0x04034b50, 4]), ...common]
    const rest = numbers([0, 2], [0, 2], [0, 2], [0, 4], [at, 4])
    list.push(Uint8Array.from([...numbers([0x02014b50, 4], [20, 2]), ...common, ...rest]), path)
    parts.push(Uint8Array.from(head), path, bytes)
    at += head.length + path.length + bytes.length
  }
  const size = list.reduce((total, o) => total + o.length, 0)
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2])
  return new Blob([...parts, ...list, Uint8Array.from(end)], {type: 'application/zip'})
}

export function download(blob, name) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
