// What cannot be done with something of the visitor's, in words. Any other error is a fault of the page.

export class Refusal extends Error {}

export function refusalOf(error) { // its sentence; a fault of the page goes on to the console
  if (error instanceof Refusal) return `${error.message[0].toUpperCase()}${error.message.slice(1)}.`
  throw error
}
