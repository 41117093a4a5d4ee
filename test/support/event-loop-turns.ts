/** Counts the turns of the event loop until it is stopped. */
export function countTurns(): { readonly now: () => number; readonly stop: () => void } {
  let turn = 0;
  let immediate = setImmediate(count);
  function count(): void {
    turn++;
    immediate = setImmediate(count);
  }
  return {
    now: () => turn,
    stop: () => {
      clearImmediate(immediate);
    },
  };
}
