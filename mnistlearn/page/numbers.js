// Sums, medians and thresholds, as NumPy and Python compute them.

export function sum(xs) {
  let total = 0
  for (const x of xs) total += x
  return total
}

export function largest(xs) {
  let most = -Infinity
  for (const x of xs) if (x > most) most = x
  return most
}

export const clip = (x, low, high) => Math.min(high, Math.max(low, x))

export function roundEven(x) { // halves go to the even number
  const r = Math.round(x)
  return r - x === .5 && r%2 ? r - 1 : r
}

export function quantile(xs, q) { // between two numbers, as far as `q` lies between their places
  const sorted = Float64Array.from(xs).sort(), at = q*(sorted.length - 1)
  const low = Math.floor(at), high = Math.min(low + 1, sorted.length - 1)
  return sorted[low] + (sorted[high] - sorted[low])*(at - low)
}

export const median = xs => quantile(xs, .5)

export function otsu(xs) { // the threshold that splits these best into two groups; none is below 0
  const n = 64, top = Math.max(largest(xs), 1e-6)
  const edges = Float64Array.from({length: n + 1}, (_, i) => i === n ? top : i*top/n)
  const counts = new Float64Array(n)
  for (const x of xs) {
    let i = Math.min(n - 1, Math.floor(x*n/top))
    if (x < edges[i]) i--
    else if (i < n - 1 && x >= edges[i + 1]) i++
    counts[i]++
  }

  const below = new Float64Array(n), totals = new Float64Array(n)
  let count = 0, total = 0
  for (let i = 0; i < n; i++) {
    below[i] = count += counts[i]
    totals[i] = total += counts[i]*(edges[i] + edges[i + 1])/2
  }
  const apart = below.map((k, i) => {
    if (!k || k === count) return 0 // one group is empty
    const distance = totals[i]/k - (total - totals[i])/(count - k)
    return k*(count - k)*distance**2
  })
  const best = edges.slice(1).filter((_, i) => apart[i] >= largest(apart)*(1 - 1e-6))
  return sum(best)/best.length
}

export function solve(a, b) { // for each column of b, the x of a·x = b, by elimination; arrays of rows
  const n = a.length, rows = a.map((row, i) => [...row, ...b[i]])
  for (let i = 0; i < n; i++) {
    let best = i
    for (let j = i + 1; j < n; j++) if (Math.abs(rows[j][i]) > Math.abs(rows[best][i])) best = j
    const pivot = rows[best]
    rows[best] = rows[i]
    rows[i] = pivot
    for (let j = 0; j < n; j++) {
      if (j === i) continue
      const factor = rows[j][i]/pivot[i]
      for (let k = i; k < pivot.length; k++) rows[j][k] -= factor*pivot[k]
    }
  }
  return rows.map((row, i) => row.slice(n).map(x => x/row[i]))
}
