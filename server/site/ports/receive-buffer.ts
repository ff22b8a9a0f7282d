import net from 'node:net';

/** node:net's `onread` option: every chunk arrives in the one `buffer`. */
export interface ReceiveInto {
  buffer: Uint8Array;
  callback(count: number, buffer: Uint8Array): boolean;
}

/**
 * Makes an accepted connection receive into a buffer of ours.
 *
 * node:net offers `onread` to connecting sockets only and gives accepted ones a fresh 64 KiB buffer per chunk. So the
 * connection's handle moves to a second socket that is made with the option; the first, which was accepted paused and
 * has read nothing, is left empty. Should a later Node keep its handles elsewhere, chunks arrive the ordinary way.
 */
export function adoptAccepted(accepted: net.Socket, onread: ReceiveInto): net.Socket {
  // `_handle` is not in the published types, but it has been the place of a socket's handle in every Node so far.
  const holder = accepted as net.Socket & { _handle?: object | null };
  const handle = holder._handle;
  if (handle === undefined || handle === null) {
    accepted.on('data', (chunk: Uint8Array) => onread.callback(chunk.length, chunk));
    return accepted;
  }
  holder._handle = null;
  // `handle` is likewise a constructor option that only node:net itself uses.
  const options = { handle, onread, readable: true, writable: true } as net.SocketConstructorOpts;
  return new net.Socket(options);
}
