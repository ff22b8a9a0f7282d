/** A buffer of its own, not cleared first: for memory that is overwritten in full before anyone looks at it. */
export function unzeroed(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(lengthBytes).buffer);
}
