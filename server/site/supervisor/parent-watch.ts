/** How often an orphan without a channel to its parent finds out. A wake-up a second costs nothing measurable. */
const POLL_MS = 1000;

/**
 * Calls `onGone` once when the process that started this one has died, so that a killed supervisor or agent leaves no
 * orphans: the caller then stops in its own orderly way. Where the parent opened an IPC channel, its end is noticed at
 * once and nothing polls; otherwise a changed `process.ppid` shows it within a second. Neither keeps the process alive.
 * Returns a function that ends the watch.
 */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    over = true;
    clearInterval(timer);
    process.off('disconnect', gone);
  };
  const gone = () => {
    if (over) return;
    stop();
    onGone();
  };
  if (process.channel) {
    process.on('disconnect', gone);
    process.channel.unref();
  } else {
    timer = setInterval(() => {
      if (process.ppid !== parent) gone();
    }, POLL_MS);
    timer.unref();
  }
  return stop;
}
